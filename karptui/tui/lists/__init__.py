"""What lists look like: columns, cells, what can be filtered and sorted."""
