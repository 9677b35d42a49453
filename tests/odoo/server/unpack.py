"""Unpacks from Odoo's Debian package what the tests use: the server's core and a few addons with all that they depend on.

    unpack.py PACKAGES FOLDER ADDON...

PACKAGES is a folder with the .deb of Odoo and those of the scripts for browsers that Debian keeps in packages of their own; Odoo's has links to them.

Odoo installs by itself each addon marked `auto_install` that it finds and whose dependencies are there. Some of them ask Odoo's vendor over the network
(sms, snailmail, partner_autocomplete). What is not found is not installed: they are left out of the folder.
"""

import ast
import contextlib
import glob
import os
import posixpath
import subprocess
import sys
import tarfile

ODOO = "/usr/lib/python3/dist-packages/"
ADDONS = ODOO + "odoo/addons/"


@contextlib.contextmanager
def contents(package):
    """The files of a package as a stream: unpacked as a whole, Odoo's would be more than a gigabyte."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as unpacked:
        with tarfile.open(fileobj=unpacked.stdout, mode="r|") as archive:
            yield archive, ((member.name.removeprefix("."), member) for member in archive)
    if unpacked.returncode != 0:
        sys.exit(f"{package} is broken")


def addon_of(path):
    """Which addon a file is part of, or None."""
    return path[len(ADDONS) :].split("/")[0] if path.startswith(ADDONS) else None


def read_manifests(package):
    manifests = {}
    with contents(package) as (archive, files):
        for path, member in files:
            addon = addon_of(path)
            if addon and path == f"{ADDONS}{addon}/__manifest__.py":
                manifests[addon] = archive.extractfile(member).read()
    return manifests


def closure(manifests, wanted):
    """The wanted addons and all that they depend on."""
    found, todo = set(), list(wanted)
    while todo:
        addon = todo.pop()
        if addon not in found:
            if addon not in manifests:
                sys.exit(f"the package has no addon {addon}")
            found.add(addon)
            todo += ast.literal_eval(manifests[addon].decode()).get("depends", ["base"])
    return found


def write(folder, path, data):
    """Writes one file, without its owner and rights."""
    path = os.path.join(folder, path.removeprefix(ODOO))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(data)


def main(packages, folder, *wanted):
    (package,) = glob.glob(f"{packages}/odoo-*.deb")
    manifests = read_manifests(package)
    kept = closure(manifests, wanted)
    links = {}
    with contents(package) as (archive, files):
        for path, member in files:
            addon = addon_of(path)
            if not path.startswith(ODOO + "odoo/") or (addon and addon not in kept):
                continue
            if "/__pycache__/" in path or (addon and ("/i18n/" in path or "/static/tests/" in path)):
                continue
            if member.issym():
                links.setdefault(posixpath.normpath(posixpath.join(posixpath.dirname(path), member.linkname)), []).append(path)
            elif member.isfile():
                write(folder, path, archive.extractfile(member).read())

    for other in glob.glob(f"{packages}/*.deb"):
        if other != package:
            with contents(other) as (archive, files):
                for path, member in files:
                    for link in links.get(path, []) if member.isfile() else []:
                        write(folder, link, archive.extractfile(member).read())

    # The data of `base` names categories that only other addons' manifests bring. A manifest alone is enough for that, of an addon that is not
    # installed by itself.
    for addon, manifest in manifests.items():
        if addon not in kept and not addon.startswith(("l10n_", "test_")) and not ast.literal_eval(manifest.decode()).get("auto_install"):
            write(folder, f"{ADDONS}{addon}/__manifest__.py", manifest)
            write(folder, f"{ADDONS}{addon}/__init__.py", b"")


if __name__ == "__main__":
    main(*sys.argv[1:])
