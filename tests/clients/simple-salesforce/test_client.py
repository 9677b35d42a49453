"""simple-salesforce, as published, against fake Salesforce: a session token over TLS, and all that follows."""

import os
import pathlib
import re
import subprocess
import unittest

import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceExpiredSession, SalesforceMalformedRequest, SalesforceResourceNotFound

PROGRAM = os.environ.get("PBX_CRM", str(pathlib.Path(__file__).resolve().parents[3] / "target/debug/pbx-crm"))
NEEDED = {"SF_URL", "SF_CLIENT_ID", "SF_CLIENT_SECRET", "SF_ADMIN_USER", "SF_ACCESS_TOKEN", "SF_CA"}


class Client(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fake = subprocess.Popen(
            [PROGRAM, "fake-salesforce", "--port", "0", "--seed-org", "5000", "--tls"], stdout=subprocess.PIPE, text=True
        )
        cls.variables = {}
        while not NEEDED <= cls.variables.keys():
            line = cls.fake.stdout.readline()
            if not line:
                raise RuntimeError("fake-salesforce has ended")
            found = re.match(r"(SF_[A-Z_]+)='?(.*?)'?$", line.rstrip("\n"))
            if found:
                cls.variables[found[1]] = found[2]
        cls.sf = cls.signed_in(cls.variables["SF_ACCESS_TOKEN"])

    @classmethod
    def tearDownClass(cls):
        cls.fake.terminate()
        cls.fake.wait(timeout=20)
        cls.fake.stdout.close()

    @classmethod
    def signed_in(cls, token):
        session = requests.Session()
        # Otherwise the environment's certificates would win.
        session.trust_env = False
        session.verify = cls.variables["SF_CA"]
        return Salesforce(instance_url=cls.variables["SF_URL"], session_id=token, session=session, version="66.0")

    def cost(self):
        answer = requests.get(self.variables["SF_URL"] + "/_control/requests", verify=self.variables["SF_CA"], timeout=20)
        return sum(request["cost"] for request in answer.json())

    def test_a_query_comes_page_by_page(self):
        before = self.cost()
        answer = self.sf.query_all("SELECT Id FROM Contact")
        self.assertEqual(len({record["Id"] for record in answer["records"]}), answer["totalSize"])
        self.assertGreater(answer["totalSize"], 2000)
        self.assertEqual(self.cost() - before, -(-answer["totalSize"] // 2000))

    def test_a_phone_number_is_found_by_sosl(self):
        contact = self.sf.query("SELECT Id, Phone FROM Contact WHERE Phone LIKE '(___) 555-01__' LIMIT 1")["records"][0]
        digits = re.sub(r"\D", "", contact["Phone"])
        found = self.sf.search("FIND {%s} IN PHONE FIELDS RETURNING Contact(Id, Phone)" % digits)
        self.assertIn(contact["Id"], [record["Id"] for record in found["searchRecords"]])

    def test_a_record_is_made_read_changed_and_deleted(self):
        made = self.sf.Contact.create({"LastName": "Stone", "Phone": "5550100188"})
        self.assertTrue(made["success"])
        self.assertEqual(self.sf.Contact.update(made["id"], {"Title": "Buyer"}), 204)
        self.assertEqual(self.sf.Contact.get(made["id"])["Title"], "Buyer")
        self.assertEqual(self.sf.Contact.delete(made["id"]), 204)
        with self.assertRaises(SalesforceResourceNotFound):
            self.sf.Contact.get(made["id"])

    def test_an_upsert_makes_once_and_changes_after_that(self):
        self.assertEqual(self.sf.Contact.upsert("Email/bob.stone@example.org", {"LastName": "Stone"}), 201)
        self.assertIn(self.sf.Contact.upsert("Email/bob.stone@example.org", {"LastName": "Field"}), (200, 204))
        self.assertEqual(self.sf.Contact.get_by_custom_id("Email", "bob.stone@example.org")["LastName"], "Field")

    def test_collections_tell_the_outcome_of_each(self):
        answer = self.sf.restful(
            "composite/sobjects",
            method="POST",
            json={
                "allOrNone": False,
                "records": [{"attributes": {"type": "Lead"}, "LastName": "Marsh", "Company": "Marsh & Co"}, {"attributes": {"type": "Lead"}, "LastName": "Marsh"}],
            },
        )
        self.assertEqual([result["success"] for result in answer], [True, False])
        self.assertEqual(answer[1]["errors"][0]["statusCode"], "REQUIRED_FIELD_MISSING")
        self.assertEqual(answer[1]["errors"][0]["fields"], ["Company"])

    def test_composite_is_one_request(self):
        before = self.cost()
        answer = self.sf.restful(
            "composite",
            method="POST",
            json={
                "allOrNone": True,
                "compositeRequest": [
                    {"method": "POST", "url": "/services/data/v66.0/sobjects/Contact", "referenceId": "c1", "body": {"LastName": "Field"}},
                    {"method": "POST", "url": "/services/data/v66.0/sobjects/Task", "referenceId": "t1", "body": {"WhoId": "@{c1.id}", "CallType": "Sideways"}},
                ],
            },
        )
        self.assertEqual([part["httpStatusCode"] for part in answer["compositeResponse"]], [400, 400])
        self.assertEqual(answer["compositeResponse"][0]["body"][0]["errorCode"], "PROCESSING_HALTED")
        self.assertEqual(self.cost() - before, 1)

    def test_the_limits_are_known(self):
        limits = self.sf.limits()
        self.assertGreater(limits["DailyApiRequests"]["Max"], limits["DailyApiRequests"]["Remaining"])
        self.assertIn("api-usage", self.sf.api_usage)

    def test_an_object_describes_itself(self):
        fields = {field["name"]: field for field in self.sf.Task.describe()["fields"]}
        self.assertEqual(fields["CallType"]["type"], "picklist")
        self.assertFalse(fields["Description"]["filterable"])

    def test_mistakes_are_refused_in_the_words_of_salesforce(self):
        for query, code in [("SELECT Nonsense FROM Contact", "INVALID_FIELD"), ("SELECT FROM Contact", "MALFORMED_QUERY")]:
            with self.assertRaises(SalesforceMalformedRequest) as refused:
                self.sf.query(query)
            self.assertEqual(refused.exception.content[0]["errorCode"], code)
        with self.assertRaises(SalesforceExpiredSession):
            self.signed_in("00D000000000062!never.issued").query("SELECT Id FROM User")


if __name__ == "__main__":
    unittest.main()
