"""What tools/bloat shows of its samples, and what it finds wrong. Samples have `bytes` and `dead`, by table."""

# Beyond this, with the snapshot or without, a table is bloated, and webhooks are late.
MOST = 2


def table(samples, least_bytes):
    """(lines, names of tables of `least_bytes` or more that grew beyond what they would have)."""
    begin, before, held, after = samples
    lines, bloated = [], []
    head = ("table", "before, KiB", "held, KiB", "after, KiB", "without it, KiB", "ratio", "dead before", "dead held", "dead after")
    for name in sorted(held.bytes):
        if begin.bytes.get(name) == before.bytes.get(name) == held.bytes[name] == after.bytes.get(name):
            continue
        grown = max(0, before.bytes.get(name, 0) - begin.bytes.get(name, 0))
        expected = before.bytes.get(name, 0) + grown
        ratio = held.bytes[name] / expected if expected else 1
        if ratio > MOST and held.bytes[name] >= least_bytes:
            bloated.append(name)
        kib = [f"{size / 1024:,.0f}" for size in (before.bytes.get(name, 0), held.bytes[name], after.bytes.get(name, 0), expected)]
        dead = [str(sample.dead.get(name, 0)) for sample in (before, held, after)]
        lines.append((name, *kib, f"{ratio:.2f}", *dead))
    rows = [head, *sorted(lines, key=lambda line: -float(line[5]))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    rows.insert(1, tuple("-" * width for width in widths))
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows), bloated


def problems(bloated, before_p99, held_p99):
    """Sentences; none if all is well. The p99 of webhooks in milliseconds, None where no run ended in the stretch.

    Small tables of which each row changes hundreds of times a second keep every version of it while the snapshot is held: in
    Postgres they cannot but grow, and how large they are says little. Whoever reads such a row goes past what is dead, so they are
    judged by what comes of that.
    """
    found = []
    if bloated:
        found.append(f"more than {MOST} times what they would have been: {', '.join(bloated)}")
    if before_p99 is None or held_p99 is None:
        found.append("no run of webhooks ended in time: what small tables cost is not known")
    elif held_p99 > MOST * before_p99:
        found.append(f"webhooks came within {held_p99:.1f} ms instead of {before_p99:.1f} ms (p99)")
    return found
