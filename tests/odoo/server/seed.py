"""What the template database holds beyond a fresh Odoo: the company's country, leads, people with their rights, API keys.

Runs inside `odoo shell`, which brings `env`. Writes keys and passwords, as variables, into the file that ODOO_SECRETS names.
"""

import datetime
import os
import secrets

env = env(su=True)  # noqa: F821

settings = env["ir.config_parameter"]
# Each copy of the database gets the address of the server that serves it; signing in must not change that.
settings.set_param("web.base.url", "http://127.0.0.1:9")
settings.set_param("web.base.url.freeze", "True")
# Nothing asks the vendor: those addresses lead to a port on which nobody listens.
settings.set_param("iap.endpoint", "http://127.0.0.1:9")
settings.set_param("enrich.endpoint", "http://127.0.0.1:9")
settings.set_param("crm.lead.auto.assignment", "0")
env["ir.cron"].with_context(active_test=False).search([]).write({"active": False})
# Files in the database: a copy of the database is then all there is to copy.
settings.set_param("ir_attachment.location", "db")
env["ir.attachment"].force_storage()

# The country decides how a number without country code is read.
env.company.country_id = env.ref("base.us")

# A fresh Odoo has no leads: everything is an opportunity at once.
env.ref("base.group_user").write({"implied_ids": [(4, env.ref("crm.group_use_lead").id)]})
env["crm.team"].search([]).write({"use_leads": True})

admin = env.ref("base.user_admin")
people = {"admin": admin}
# login: name, what they may do beyond what everybody may
for login, (name, groups) in {
    # Whose key the connector has: all leads, may create contacts; no administrator.
    "integration": ("Integration", ["sales_team.group_sale_salesman_all_leads", "base.group_partner_manager"]),
    # Sees their own leads and those that nobody has.
    "seller": ("Sally Seller", ["sales_team.group_sale_salesman", "base.group_partner_manager"]),
    # Reads contacts, writes none; does not see leads.
    "reader": ("Rita Reader", []),
}.items():
    people[login] = env["res.users"].with_context(no_reset_password=True).create({
        "login": login,
        "name": name,
        "group_ids": [(6, 0, [env.ref(group).id for group in ["base.group_user", *groups]])],
    })

with open(os.environ["ODOO_SECRETS"], "w") as out:
    keys = env["res.users.apikeys"]
    for login, user in people.items():
        password = secrets.token_hex(16)
        user.write({"email": f"{login}@example.test", "tz": "UTC", "password": password})
        out.write(f"ODOO_PASSWORD_{login.upper()}={password}\n")
        out.write(f"ODOO_KEY_{login.upper()}={keys.with_user(user).sudo()._generate(None, 'tests', None)}\n")
    expired = keys.with_user(people["integration"]).sudo()._generate(None, "expired", datetime.datetime(2020, 1, 1))
    out.write(f"ODOO_KEY_EXPIRED={expired}\n")
env.cr.commit()
