"""Collects what a source says, for tests to ask about."""

from typing import Any

from karptui.world.events import Change, Connected, Event, ObjectSeen, Problem, StreamChanged, StreamState


class Recorder:
    """A sink. `objects(resource)` is what the events so far add up to."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def objects(self, resource: str) -> dict[str, Any]:
        held: dict[str, Any] = {}
        for event in self.events:
            if isinstance(event, ObjectSeen) and event.resource == resource:
                if event.change is Change.DELETED:
                    held.pop(event.object.key, None)
                else:
                    held[event.object.key] = event.object
        return held

    def changes(self, resource: str, key: str) -> list[Change]:
        return [
            event.change
            for event in self.events
            if isinstance(event, ObjectSeen) and event.resource == resource and event.object.key == key
        ]

    def states(self, resource: str) -> list[StreamState]:
        return [event.state for event in self.events if isinstance(event, StreamChanged) and event.resource == resource]

    def state(self, resource: str) -> StreamState | None:
        states = self.states(resource)
        return states[-1] if states else None

    def told(self, resource: str) -> StreamChanged:
        return [e for e in self.events if isinstance(e, StreamChanged) and e.resource == resource][-1]

    def problems(self) -> list[str]:
        return [event.message for event in self.events if isinstance(event, Problem)]

    def connected(self) -> list[Connected]:
        return [event for event in self.events if isinstance(event, Connected)]
