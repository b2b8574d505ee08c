"""All benchmarks, one after the other. Run: python -m benchmarks (or make bench)"""

import sys

from benchmarks import parse_cost, rows


def main() -> int:
    print("Reading rows\n")
    failed = rows.main([])
    print("\nParsing a DAG file\n")
    return parse_cost.main() or failed


if __name__ == "__main__":
    sys.exit(main())
