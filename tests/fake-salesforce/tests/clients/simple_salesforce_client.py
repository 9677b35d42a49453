"""simple-salesforce against a running fake, unchanged.

`pip install simple-salesforce==1.12.10`, then with the variables in the environment that
`cargo run -p fake-salesforce --example serve -- --seed-org 6000 --tls` prints: `python simple_salesforce_client.py`.
"""

import datetime
import os

import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound


def fails(kind, code, work):
    try:
        work()
    except kind as error:
        assert error.content[0]["errorCode"] == code, error.content
    else:
        raise AssertionError(f"{code} expected")


session = requests.Session()
session.verify = os.environ["SF_CA"]
session.trust_env = False
sf = Salesforce(
    instance_url=os.environ["SF_URL"], session_id=os.environ["SF_ACCESS_TOKEN"], session=session, version="66.0"
)

assert len(sf.query_all("SELECT Id FROM Contact")["records"]) == 4000
made = sf.Contact.create({"LastName": "Simple", "Email": "simple@example.com", "Phone": "+14155550143"})
assert made["success"] and made["id"].startswith("003")
found = sf.search("FIND {14155550143} IN PHONE FIELDS RETURNING Contact(Id, Name)")["searchRecords"]
assert made["id"] in [record["Id"] for record in found]
assert sf.Contact.get(made["id"])["LastName"] == "Simple"
assert sf.Contact.get_by_custom_id("Email", "simple@example.com")["Id"] == made["id"]
assert sf.Contact.update(made["id"], {"LastName": "Changed"}) == 204
assert sf.Contact.upsert("Email/simple@example.com", {"LastName": "Upserted"}) == 200
assert sf.Contact.upsert("Email/simple2@example.com", {"LastName": "New"}) == 201
assert any(field["name"] == "MobilePhone" for field in sf.Contact.describe()["fields"])
assert sf.Contact.metadata()["objectDescribe"]["name"] == "Contact"
assert len(sf.describe()["sobjects"]) > 5
assert sf.limits()["DailyApiRequests"]["Max"] == 15000
assert sf.api_usage["api-usage"].total == 15000
composite = {
    "compositeRequest": [
        {"method": "POST", "url": "/services/data/v66.0/sobjects/Contact", "referenceId": "c1", "body": {"LastName": "C"}},
        {"method": "POST", "url": "/services/data/v66.0/sobjects/Task", "referenceId": "t1", "body": {"WhoId": "@{c1.id}"}},
    ]
}
answers = sf.restful("composite", method="POST", json=composite)["compositeResponse"]
assert [answer["httpStatusCode"] for answer in answers] == [201, 201]
records = [{"attributes": {"type": "Task"}, "Subject": "One"}, {"attributes": {"type": "Task"}, "Nothing": 1}]
told = sf.restful("composite/sobjects", method="POST", json={"records": records})
assert [one["success"] for one in told] == [True, False]
now = datetime.datetime.now(datetime.timezone.utc)
hour, minute = datetime.timedelta(hours=1), datetime.timedelta(minutes=2)
assert made["id"] in sf.Contact.updated(now - hour, now + minute)["ids"]
fails(SalesforceMalformedRequest, "REQUIRED_FIELD_MISSING", lambda: sf.Contact.create({}))
fails(SalesforceMalformedRequest, "INVALID_FIELD", lambda: sf.query("SELECT Nothing FROM Contact"))
fails(SalesforceResourceNotFound, "NOT_FOUND", lambda: sf.Contact.get("003000000000000"))
assert sf.Contact.delete(made["id"]) == 204
fails(SalesforceResourceNotFound, "ENTITY_IS_DELETED", lambda: sf.Contact.get(made["id"]))
print("simple-salesforce: all as with Salesforce")
