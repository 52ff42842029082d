"""How each way of using karptui is put together from sources, World, engine and hands."""
