"""Python values written down as libconfig text."""


def value(item, indent=""):
    deeper = indent + "  "
    if isinstance(item, dict):
        return "{\n" + settings(item, deeper) + indent + "}"
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, int):
        return str(item)
    if isinstance(item, (list, tuple)):
        inner = ", ".join(value(each, deeper) for each in item)
        groups = any(isinstance(each, dict) for each in item)
        return f"({inner})" if groups else f"[ {inner} ]"
    text = str(item).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def settings(items: dict, indent=""):
    return "".join(f"{indent}{key} = {value(item, indent)};\n" for key, item in items.items())


def merged(base: dict, more: dict):
    """base with more over it; groups are merged, everything else is replaced."""
    result = dict(base)
    for key, item in more.items():
        both = isinstance(item, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], item) if both else item
    return result
