"""Unpacks from Odoo's Debian package what the tests use: the server's core and a few addons with all that they depend on.

    dpkg-deb --fsys-tarfile FILE.deb > data.tar
    unpack.py data.tar FOLDER ADDON...

Odoo installs by itself each addon marked `auto_install` that it finds and whose dependencies are there. Some of them ask Odoo's vendor over the network
(sms, snailmail, partner_autocomplete). What is not found is not installed: they are left out of the folder.
"""

import ast
import os
import sys
import tarfile

ODOO = "./usr/lib/python3/dist-packages/"
ADDONS = ODOO + "odoo/addons/"


def closure(manifests, wanted):
    """The wanted addons and all that they depend on."""
    found, todo = set(), list(wanted)
    while todo:
        addon = todo.pop()
        if addon not in found:
            if addon not in manifests:
                sys.exit(f"the package has no addon {addon}")
            found.add(addon)
            todo += manifests[addon].get("depends", ["base"])
    return found


def write(archive, member, folder):
    """Writes one file, without its owner and rights."""
    path = os.path.join(folder, member.name[len(ODOO) :])
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(archive.extractfile(member).read())


def main(package, folder, *wanted):
    with tarfile.open(package) as archive:
        files = [member for member in archive if member.isfile() and member.name.startswith(ODOO + "odoo/") and "/__pycache__/" not in member.name]
        manifests = {
            member.name.split("/")[-2]: ast.literal_eval(archive.extractfile(member).read().decode())
            for member in files
            if member.name.startswith(ADDONS) and member.name.count("/") == ADDONS.count("/") + 1 and member.name.endswith("/__manifest__.py")
        }
        kept = closure(manifests, wanted)
        for member in files:
            if not member.name.startswith(ADDONS):
                write(archive, member, folder)
                continue
            addon = member.name[len(ADDONS) :].split("/")[0]
            if addon in kept:
                if "/i18n/" not in member.name and "/static/tests/" not in member.name:
                    write(archive, member, folder)
            # The data of `base` names categories that only other addons' manifests bring. A manifest alone is enough for that, of an addon that
            # is not installed by itself.
            elif (
                member.name == f"{ADDONS}{addon}/__manifest__.py"
                and not manifests[addon].get("auto_install")
                and not addon.startswith(("l10n_", "test_"))
            ):
                write(archive, member, folder)
                open(os.path.join(folder, "odoo/addons", addon, "__init__.py"), "w").close()
    print(" ".join(sorted(kept)))


if __name__ == "__main__":
    main(*sys.argv[1:])
