#!/usr/bin/python3
"""Makes one configuration from Kconfig files, a defconfig and flags.

    kconf.py sync|reset|save --build DIR --defconfig FILE [--flag NAME]... [--app NAME=KCONFIG]

sync    brings DIR/.config up to date, then writes DIR/auto.conf (for make) and
        DIR/gen/<module>/<module>/config.h (for C), each header only when its content changed
reset   the same, forgetting what menuconfig changed
save    writes the defconfig in its least form from DIR/.config

DIR/.config follows the defconfig and the flags until somebody edits it; then the edited file is
kept, until the defconfig or a flag itself changes: the edited one is then put aside as .config.old,
and this is said.

Kconfiglib drops an assignment that contradicts another, or whose dependency is off. So every value
that a flag asks for is compared with the outcome, and a difference is an error that names both.

kconfiglib is Debian's; the variables that Kconfig files use as $(NAME) come by the environment.
"""
import argparse
import hashlib
import os
import re
import sys

import kconfiglib

FEATURES = "configs/features"
ALLOCATOR_CHOICES = {"alloc": "AXALLOC_BYTES", "pages": "AXALLOC_PAGES"}


class Mistake(Exception):
    """What the user asked for cannot be; the message is one line."""


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write_if_changed(path, text):
    if os.path.exists(path) and read(path) == text:
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def flag_text(flag):
    """The fragment of a flag: its file, or for an allocator the choice of its folder's symbol."""
    path = f"{FEATURES}/{flag}.config"
    if os.path.exists(path):
        return read(path)
    kind, _, name = flag.partition("-")
    return f"CONFIG_{ALLOCATOR_CHOICES[kind]}_{name.upper().replace('-', '_')}=y\n"


def assignments(text):
    """The (symbol, value) pairs that a fragment sets; `# CONFIG_X is not set` is n."""
    pairs = []
    for line in text.splitlines():
        match = re.match(r"CONFIG_(\w+)=(.*)", line)
        if match:
            pairs.append((match[1], match[2].strip('"')))
        match = re.match(r"# CONFIG_(\w+) is not set", line)
        if match:
            pairs.append((match[1], "n"))
    return pairs


def load_tree():
    tree = kconfiglib.Kconfig("Kconfig", warn_to_stderr=False)
    bad = [warning for warning in tree.warnings if "undefined symbol" not in warning]
    if bad:
        raise Mistake(bad[0])
    return tree


class Request:
    """What the defconfig and the flags ask for, each value with who asked."""

    def __init__(self, defconfig, flags):
        self.layers = [(defconfig, read(defconfig))]
        self.layers += [(f"flag {flag}", flag_text(flag)) for flag in flags]
        self.digest = hashlib.sha256(repr(self.layers).encode()).hexdigest()

    def values(self, tree):
        """symbol name -> (value, who), refusing what cannot be asked at all."""
        wanted = {}
        for number, (who, text) in enumerate(self.layers):
            for name, value in assignments(text):
                if name not in tree.syms or not tree.syms[name].nodes:
                    raise Mistake(f"{who} sets CONFIG_{name}, which no Kconfig file defines")
                old_value, old_who = wanted.get(name, (value, who))
                if number > 1 and old_value != value and old_who != self.layers[0][0]:
                    raise Mistake(f"{old_who} and {who} clash: one asks for CONFIG_{name}="
                                  f"{old_value}, the other for {value}")
                wanted[name] = (value, who)
        return wanted

    def apply(self, tree):
        """Set every value, flags over the defconfig, and check that each one holds."""
        wanted = self.values(tree)
        for name, (value, _) in wanted.items():
            tree.syms[name].set_value(value)
        for name, (value, who) in wanted.items():
            overlaid = who == self.layers[0][0] and len(self.layers) > 1
            if tree.syms[name].str_value != value and not overlaid:
                raise Mistake(self.reason(tree.syms[name], value, who, wanted))

    @staticmethod
    def reason(symbol, value, who, wanted):
        """Why `symbol` did not become `value`, in one line."""
        if symbol.choice and value == "y" and symbol.choice.selection is not symbol:
            winner = symbol.choice.selection
            rival = wanted.get(winner.name, (None, "the defaults"))[1]
            options = " ".join(member.name for member in symbol.choice.syms)
            return (f"{rival} and {who} clash: only one of {options} can be chosen")
        if not kconfiglib.expr_value(symbol.direct_dep):
            needs = kconfiglib.expr_str(symbol.direct_dep)
            also = [other for name, (_, other) in wanted.items()
                    if other != who and re.search(rf"\b{name}\b", needs)]
            clash = f" ({also[0]} sets that)" if also else ""
            return f"{who} asks for CONFIG_{symbol.name}={value}, which needs {needs}{clash}"
        selecting = kconfiglib.expr_str(symbol.rev_dep)
        if kconfiglib.expr_value(symbol.rev_dep) and value == "n":
            return f"{who} asks for CONFIG_{symbol.name}=n, but {selecting} selects it"
        return (f"{who} asks for CONFIG_{symbol.name}={value}, which is not a value it can take"
                f" (it is {symbol.str_value})")


class Build:
    """One build folder and its files."""

    def __init__(self, folder, tree, request):
        self.config = f"{folder}/.config"
        self.state = f"{folder}/.config.made"
        self.folder, self.tree, self.request = folder, tree, request

    def sync(self, forget_edits):
        """Load .config if somebody edited it for these inputs; else make it from the inputs."""
        made_from, _, made_as = read(self.state).partition("\n")
        old = read(self.config)
        edited = old and digest(old) != made_as
        if edited and made_from == self.request.digest and not forget_edits:
            self.tree.load_config(self.config)
            self.write(old)
            return
        self.request.apply(self.tree)
        new = self.write(old)
        write_if_changed(self.state, f"{self.request.digest}\n{digest(new)}")
        if old and made_from != self.request.digest and old != new:
            write_if_changed(f"{self.config}.old", old)
            print(f"  KCONF   {self.config} made again: {self.request.layers[0][0]} or a flag "
                  f"changed; the old one is {self.config}.old")

    def write(self, old):
        """Write .config; values of options that are not present now (an app's) stay in it."""
        temporary = f"{self.config}.new"
        os.makedirs(self.folder, exist_ok=True)
        self.tree.write_config(temporary, save_old=False)
        absent = [f"CONFIG_{name}={value}\n" for name, value in self.tree.missing_syms]
        text = read(temporary) + "".join(absent)
        os.remove(temporary)
        write_if_changed(self.config, text)
        return text


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def symbols(tree):
    return [symbol for symbol in tree.unique_defined_syms if symbol.name != "MODULES"]


def owner(symbol, apps):
    """The name before /config.h of the header that holds a symbol."""
    path = symbol.nodes[0].filename
    match = re.match(r"(?:modules|apps)/([^/]+)/", path)
    if match:
        return match[1]
    if path in (os.environ["ALLOC_KCONFIG"], os.environ["PAGES_KCONFIG"]):
        return "axalloc"
    return apps.get(path, "axbase")


def c_line(symbol):
    value = symbol.str_value
    if symbol.orig_type in (kconfiglib.BOOL, kconfiglib.TRISTATE):
        value = "0" if value == "n" else "1"
    elif symbol.orig_type == kconfiglib.STRING:
        value = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    elif value == "":
        return ""
    return f"#define CONFIG_{symbol.name} {value}\n"


def make_line(symbol):
    value = symbol.str_value
    if symbol.orig_type in (kconfiglib.BOOL, kconfiglib.TRISTATE) and value == "n":
        value = ""
    return f"CONFIG_{symbol.name} := {value}\n"


def write_headers(folder, tree, apps):
    headers = {"axbase": ""}
    for symbol in symbols(tree):
        name = owner(symbol, apps)
        headers[name] = headers.get(name, "") + c_line(symbol)
    for name, text in headers.items():
        write_if_changed(f"{folder}/gen/{name}/{name}/config.h",
                         f"/* Generated from Kconfig. */\n#pragma once\n\n{text}")


def write_auto_conf(folder, tree):
    with open(f"{folder}/auto.conf", "w", encoding="utf-8") as file:
        file.write("# Generated from .config.\n")
        file.writelines(make_line(symbol) for symbol in symbols(tree))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["sync", "reset", "save"])
    parser.add_argument("--build", required=True)
    parser.add_argument("--defconfig", required=True)
    parser.add_argument("--flag", action="append", default=[])
    parser.add_argument("--app", default="")
    args = parser.parse_args()
    tree = load_tree()
    if args.command == "save":
        tree.load_config(f"{args.build}/.config")
        comment = re.match(r"(#.*\n)*", read(args.defconfig))[0]
        tree.write_min_config(args.defconfig, header=comment)
        print(f"  KCONF   {args.defconfig}")
        return
    request = Request(args.defconfig, args.flag)
    Build(args.build, tree, request).sync(args.command == "reset")
    app_name, _, app_kconfig = args.app.partition("=")
    write_headers(args.build, tree, {app_kconfig: app_name})
    write_auto_conf(args.build, tree)


if __name__ == "__main__":
    try:
        main()
    except (Mistake, kconfiglib.KconfigError) as mistake:
        sys.exit(f"axle: {' '.join(str(mistake).split())}")
