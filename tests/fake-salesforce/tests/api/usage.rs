//! What counts as a call, and where that is told.

use serde_json::json;

use super::org::{NOW, Org, Told, contact};
use crm_fake::CrmFake;

#[test]
fn a_composite_is_one_call_a_batch_is_as_many_as_its_parts() {
    let mut org = Org::new();
    let part = |n: u32| json!({ "method": "GET", "url": "/services/data/v66.0/sobjects", "referenceId": format!("r{n}") });
    let composite = json!({ "compositeRequest": [part(1), part(2), part(3)] });
    let batched = json!({ "method": "GET", "url": "v66.0/limits" });
    let batch = json!({ "batchRequests": [batched, batched, batched] });
    let records = json!({ "records": [{ "attributes": { "type": "Task" } }, { "attributes": { "type": "Task" } }] });
    let mut used = 0;
    for (method, path, body, cost) in [
        ("GET", "/services/data", json!(null), 0),
        ("GET", "", json!(null), 1),
        ("GET", "limits", json!(null), 1),
        ("GET", "nothing", json!(null), 1),
        ("GET", "/services/data/v99.0", json!(null), 0),
        ("POST", "composite", composite, 1),
        ("POST", "composite/batch", batch, 3),
        ("POST", "composite/sobjects", records, 1),
        ("GET", "/services/oauth2/userinfo", json!(null), 0),
        ("POST", "sobjects/Contact", contact(), 1),
        ("POST", "sobjects/Contact", json!({}), 1),
    ] {
        let told = org.json(method, path, &body);
        used += cost;
        let shown = if path.is_empty() || (!path.starts_with('/')) { format!("api-usage={used}/15000") } else { String::new() };
        assert_eq!(told.header("sforce-limit-info"), shown, "{method} {path}");
        assert_eq!(u64::from(org.fake.requests().last().unwrap().cost), cost, "{method} {path}");
    }
    let limits = org.get("limits").json;
    assert_eq!(limits["DailyApiRequests"], json!({ "Max": 15_000, "Remaining": 15_000 - used - 1 }));
    assert!(limits.as_object().unwrap().len() >= 55);
}

#[test]
fn a_request_of_several_graphs_is_one_call_or_as_many_as_it_has_graphs() {
    let mut org = Org::new();
    let graph = |id: &str| {
        let part =
            json!({ "method": "POST", "url": "/services/data/v66.0/sobjects/Task", "referenceId": "t", "body": { "Subject": "Call" } });
        json!({ "graphId": id, "compositeRequest": [part] })
    };
    let body = json!({ "graphs": [graph("a"), graph("b"), graph("c")] });
    for (counts, used) in [("one", 1), ("each", 4), ("one", 5)] {
        org.knob("composite-graph-counts", json!(counts));
        assert_eq!(org.json("POST", "composite/graph", &body).header("sforce-limit-info"), format!("api-usage={used}/15000"));
    }
}

#[test]
fn when_the_quota_is_gone_the_org_says_so_until_calls_grow_old() {
    let mut org = Org::new();
    org.knob("quota", json!({ "max": 3, "left": 3 }));
    for _ in 0..3 {
        assert_eq!(org.get("limits").status, 200);
    }
    let refused = org.get("limits");
    assert_eq!(refused.error(), (403, "REQUEST_LIMIT_EXCEEDED"));
    assert_eq!(refused.json[0]["message"], "TotalRequests Limit exceeded.");
    assert_eq!(refused.header("sforce-limit-info"), "api-usage=3/3");
    assert_eq!(refused.header("retry-after"), "");
    assert_eq!(org.get("/services/data").status, 200);
    org.now_ms = NOW + 24 * 60 * 60 * 1000 + 60_000;
    org.token = org.fake.admin_session(org.now_ms);
    assert_eq!(org.get("limits").status, 200);
    // A batch that outlives the quota fails in part.
    assert_eq!(org.knob("quota", json!({ "left": 1 })), json!({ "max": 3, "left": 1, "used": 2 }));
    let batched = json!({ "method": "GET", "url": "v66.0/sobjects" });
    let told = org.json("POST", "composite/batch", &json!({ "batchRequests": [batched, batched] }));
    assert_eq!((&told.json["results"][0]["statusCode"], &told.json["results"][1]["statusCode"]), (&json!(200), &json!(403)));
}

#[test]
fn limit_info_may_tell_more() {
    let mut org = Org::new();
    org.knob("limit-info-more", json!("api-bursts=1/750"));
    assert_eq!(org.get("limits").header("sforce-limit-info"), "api-usage=1/15000; api-bursts=1/750");
}

#[test]
fn only_those_who_may_see_the_setup_see_the_limits() {
    let mut org = Org::new();
    org.knob("user", json!({ "user": "admin", "view-setup": false }));
    assert_eq!(org.get("limits").error().0, 403);
    org.knob("user", json!({ "user": "admin", "view-setup": true, "api": false }));
    assert_eq!(org.get("limits").error(), (403, "API_CURRENTLY_DISABLED"));
}

#[test]
fn answers_bear_the_headers_that_salesforce_sends() {
    let mut org = Org::new();
    let told = org.get("limits");
    for (name, value) in [
        ("content-type", "application/json;charset=UTF-8"),
        ("cache-control", "no-cache,must-revalidate,max-age=0,no-store,private"),
        ("strict-transport-security", "max-age=63072000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("vary", "Accept-Encoding"),
        ("date", "Sun, 22 Nov 2026 12:00:00 GMT"),
    ] {
        assert_eq!(told.header(name), value, "{name}");
    }
    assert_eq!(told.header("x-request-id"), told.header("x-sfdc-request-id"));
    let plain = http::Request::get("http://org.test/services/oauth2/userinfo").body(Vec::new()).unwrap();
    assert_eq!(Told::of(org.send(plain)).header("sforce-limit-info"), "");
}
