"""Writes a C++ header that holds the built-in templates of mails. See mail_templates.bzl."""

import argparse
import pathlib
import re
import sys

DELIMITER = "gh_mail"
PATH = re.compile(r"([a-z]{2,3}(?:-[A-Za-z0-9]+)*)/([a-z_]+)\.(txt|html)")


class BadTemplates(Exception):
    pass


def templates(files):
    """[(locale, name, text)] of LOCALE/KIND.txt and LOCALE/KIND.html, sorted; name is KIND.txt or KIND.html."""
    found = []
    for path in files:
        match = PATH.fullmatch("/".join(path.parts[-2:]))
        if not match:
            raise BadTemplates(f"{path}: must be LOCALE/KIND.txt or LOCALE/KIND.html")
        text = path.read_text(encoding="utf-8")
        if "\r" in text or "\0" in text or f'){DELIMITER}"' in text:
            raise BadTemplates(f"{path}: contains a carriage return, a NUL or ){DELIMITER}\"")
        found.append((match[1], f"{match[2]}.{match[3]}", text))
    return sorted(found)


def header(name, found):
    guard = "GATEHOUSE_" + re.sub(r"\W", "_", name).upper() + "_"
    entries = [
        f'    {{"{locale}", "{file}", R"{DELIMITER}({text}){DELIMITER}"}},' for locale, file, text in found
    ]
    return "\n".join(
        [
            f"#ifndef {guard}",
            f"#define {guard}",
            "",
            '#include "service/mail/template/built_in_template.h"',
            "",
            "namespace gatehouse::service::mail {",
            "",
            "inline constexpr BuiltInTemplate kBuiltInTemplates[] = {",
            *entries,
            "};",
            "",
            "}  // namespace gatehouse::service::mail",
            "",
            f"#endif  // {guard}",
            "",
        ]
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--header", required=True)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    try:
        args.out.write_text(header(args.header, templates(args.files)), encoding="utf-8")
    except BadTemplates as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
