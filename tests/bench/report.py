"""The figures of a run: a table for people, rows for programs."""

import json
import operator

# What must be reached: (of the value or of the ratio, comparison, bound). Figures without a target are yardsticks.
TARGETS = {
    "verify_session_cached": ("ratio", ">=", 0.55),
    "get_user": ("ratio", ">=", 1.0),
    "session_checks_beside_kratos": ("ratio", ">=", 40),
    "record_event": ("ratio", ">=", 0.9),
    "import_users": ("value", ">=", 5000),
    "create_user": ("ratio", ">=", 0.25),
    "create_user_beside_kratos": ("ratio", ">=", 10),
    "refresh_session": ("ratio", ">=", 0.5),
    "login": ("ratio", ">=", 0.9),
    "login_of_own_hash": ("ratio", ">=", 0.92),
    "one_call_p50": ("ratio", "<=", 2),
    "one_call_p99": ("ratio", "<=", 3),
    "verify_p99_under_wrong_logins": ("ratio", "<=", 2),
    "verify_p99_in_login_storm": ("ratio", "<=", 2),
    "login_storm_without_retry_info": ("value", "<=", 0),
    "login_storm_memory": ("value", "<=", 256),
    "get_user_at_1m": ("ratio", "<=", 1.2),
    "get_user_by_name_at_1m": ("ratio", "<=", 1.2),
    "verify_session_full_at_1m": ("ratio", "<=", 1.2),
    "webhook_delivery": ("value", ">=", 2000),
    "webhook_p50_at_200": ("value", "<=", 5),
    "webhook_lost_over_kill": ("value", "<=", 0),
    "webhook_takeover": ("value", "<=", 2000),
    "webhook_p50_at_300": ("value", "<=", 1.5),
    "webhook_p99_at_300": ("value", "<=", 5),
    "webhook_postgres_cpu_at_300": ("value", "<=", 0.15),
    "webhook_statements_at_300": ("value", "<=", 2),
    "webhook_one_endpoint": ("ratio", ">=", 0.6),
    "webhook_fan_out_10": ("ratio", ">=", 1.2),
    "webhook_fan_out_10_p99": ("value", "<=", 100),
    "webhook_p99_beside_refusing": ("ratio", "<=", 1.2),
    "webhook_p99_beside_hanging": ("ratio", "<=", 1.2),
    "webhook_p99_beside_backlog": ("ratio", "<=", 1.2),
    "webhook_memory_with_backlog": ("ratio", "<=", 1.2),
    "webhook_to_many_endpoints": ("value", "<=", 5000),
    "logout_reaches_verifier_p99": ("value", "<=", 1000),
    "local_check": ("value", "<=", 2),
    "idle_connection": ("value", "<=", 12),
    "idle_tls_connection": ("value", "<=", 40),
    "idle_stream": ("value", "<=", 8),
    "idle_memory_of_all": ("value", "<=", 128),
    "idle_memory": ("value", "<=", 30),
    "start_to_serving": ("value", "<=", 100),
}

_COMPARE = {"<=": operator.le, ">=": operator.ge}


class Report:
    """Rows in the order they were added."""

    def __init__(self):
        self._rows = []
        self._baselines = {}
        self._by_grpcpp = {}

    def add(self, name, value, unit, baseline=None, baseline_name="", by_grpcpp=None):
        """`baseline` is what the value is compared with, of the same unit; `by_grpcpp` the same asked for by gRPC's C++ client."""
        ratio = round(value / baseline, 3) if baseline else None
        self._rows.append(
            {"name": name, "value": round(value, 2), "unit": unit, "baseline": baseline and round(baseline, 2), "ratio": ratio}
        )
        self._baselines[name] = baseline_name
        self._by_grpcpp[name] = by_grpcpp

    def missed(self):
        """Names of the figures that fall short."""
        return [row["name"] for row in self._rows if self._verdict(row) == "SHORT"]

    def write_json(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self._rows, file, indent=2)
            file.write("\n")

    def table(self):
        lines = [("figure", "value", "unit", "by a grpc++ client", "baseline", "ratio", "target", "")]
        for row in self._rows:
            base = f"{_number(row['baseline'])} {self._baselines[row['name']]}" if row["baseline"] else ""
            ratio = f"{row['ratio']:.2f}" if row["ratio"] is not None else ""
            client = self._by_grpcpp[row["name"]]
            target = TARGETS.get(row["name"])
            wanted = f"{target[0]} {target[1]} {target[2]}" if target else ""
            lines.append((row["name"], _number(row["value"]), row["unit"], _number(client) if client else "", base, ratio, wanted, self._verdict(row)))
        widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
        lines.insert(1, tuple("-" * width for width in widths))
        return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines)

    @staticmethod
    def _verdict(row):
        if row["name"] not in TARGETS:
            return ""
        what, comparison, bound = TARGETS[row["name"]]
        return "ok" if _COMPARE[comparison](row[what], bound) else "SHORT"


def _number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
