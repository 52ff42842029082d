"""Selectors, node affinity, taints and tolerations on JSON objects, judged as the Kubernetes components judge them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from karptui.lab.cluster.kinds import Object

Labels = Mapping[str, str]


def selects(selector: Object | None, labels: Labels) -> bool:
    """metav1.LabelSelector: absent selects nothing, an empty one everything."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(expression_holds(expression, labels) for expression in selector.get("matchExpressions") or ())


def expression_holds(expression: Object, labels: Labels) -> bool:
    """One matchExpressions entry of a label or node selector. A number that does not parse matches nothing."""
    value = labels.get(expression["key"])
    operator, values = expression["operator"], list(expression.get("values") or ())
    if operator == "In":
        return value in values
    if operator == "NotIn":
        return value not in values
    if operator == "Exists":
        return value is not None
    if operator == "DoesNotExist":
        return value is None
    try:
        if operator == "Gt":
            return value is not None and int(value) > int(values[0])
        return operator == "Lt" and value is not None and int(value) < int(values[0])
    except (ValueError, IndexError):
        return False


def node_term_holds(term: Object, node_name: str, labels: Labels) -> bool:
    """One nodeSelectorTerm; an empty one matches no node."""
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    name = {"metadata.name": node_name}
    return all(expression_holds(expression, labels) for expression in expressions) and all(
        expression_holds(field, name) for field in fields
    )


def node_selected(spec: Object, node_name: str, labels: Labels) -> bool:
    """Whether a pod spec's nodeSelector and required node affinity admit the node."""
    if any(labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    return any(node_term_holds(term, node_name, labels) for term in required.get("nodeSelectorTerms") or ())


def tolerates(toleration: Object, taint: Object) -> bool:
    """Whether a toleration covers a taint."""
    effect = toleration.get("effect")
    if effect and effect != taint["effect"]:
        return False
    key = toleration.get("key")
    if key and key != taint["key"]:
        return False
    if toleration.get("operator") == "Exists":
        return True
    return bool(key) and (toleration.get("value") or "") == (taint.get("value") or "")


def untolerated(
    taints: Iterable[Object], tolerations: Iterable[Object], effects: tuple[str, ...] = ("NoSchedule", "NoExecute")
) -> Object | None:
    """The first taint of these effects that no toleration covers."""
    tolerations = tuple(tolerations)
    for taint in taints:
        if taint["effect"] in effects and not any(tolerates(toleration, taint) for toleration in tolerations):
            return taint
    return None
