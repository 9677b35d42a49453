//! An org to ask, and answers that are easy to look at.

use crm_fake::{Answer, CrmFake, Outcome};
use fake_salesforce::fake::FakeSalesforce;
use http::{HeaderMap, Request, Response};
use serde_json::{Value as Json, json};

/// 22 November 2026, noon.
pub const NOW: u64 = 1_795_348_800_000;

/// An org with a session of its administrator.
pub struct Org {
    pub fake: FakeSalesforce,
    pub token: String,
    pub now_ms: u64,
}

/// An answer, read.
#[derive(Debug)]
pub struct Told {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub json: Json,
}

impl Org {
    pub fn new() -> Self {
        let mut fake = FakeSalesforce::new(NOW);
        let token = fake.admin_session(NOW);
        Self { fake, token, now_ms: NOW }
    }

    pub fn send(&mut self, request: Request<Vec<u8>>) -> Answer {
        self.fake.answer(self.now_ms, request)
    }

    /// A request of the administrator; `path` is whole if it begins with "/", else below v66.0.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Request<Vec<u8>> {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/services/data/v66.0/{path}") };
        let mut builder = Request::builder().method(method).uri(format!("http://org.test{path}"));
        builder = builder.header("authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(body.to_vec()).unwrap()
    }

    pub fn get(&mut self, path: &str) -> Told {
        self.ask("GET", path, &[], b"")
    }

    pub fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Told {
        let request = self.request(method, path, headers, body);
        Told::of(self.send(request))
    }

    pub fn json(&mut self, method: &str, path: &str, body: &Json) -> Told {
        self.ask(method, path, &[("content-type", "application/json; charset=UTF-8")], body.to_string().as_bytes())
    }

    pub fn query(&mut self, text: &str) -> Told {
        self.get(&format!("query?q={}", encoded(text)))
    }

    pub fn search(&mut self, text: &str) -> Told {
        self.get(&format!("search?q={}", encoded(text)))
    }

    pub fn create(&mut self, object: &str, fields: &Json) -> String {
        let made = self.json("POST", &format!("sobjects/{object}"), fields);
        assert_eq!(made.status, 201, "{}", made.text);
        made.json["id"].as_str().unwrap().to_owned()
    }

    pub fn knob(&mut self, name: &str, value: Json) -> Json {
        self.fake.knob(self.now_ms, name, value).unwrap_or_else(|why| panic!("{name}: {why}"))
    }

    /// How many rows a condition has.
    pub fn count(&mut self, from: &str) -> u64 {
        let told = self.query(&format!("SELECT COUNT() FROM {from}"));
        told.json["totalSize"].as_u64().unwrap_or_else(|| panic!("{}", told.text))
    }
}

impl Told {
    pub fn of(answer: Answer) -> Self {
        match answer.outcome {
            Outcome::Response(response) => Self::read(response),
            lost => panic!("{lost:?}"),
        }
    }

    pub fn read(response: Response<Vec<u8>>) -> Self {
        let (parts, body) = response.into_parts();
        let text = String::from_utf8_lossy(&body).into_owned();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Self { status: parts.status.as_u16(), headers: parts.headers, text, json }
    }

    /// Status and first error code.
    pub fn error(&self) -> (u16, &str) {
        (self.status, self.json[0]["errorCode"].as_str().unwrap_or_else(|| panic!("no error: {} {}", self.status, self.text)))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// As browsers and clients write parameters.
pub fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

pub fn contact() -> Json {
    json!({ "FirstName": "Ann", "LastName": "Lee", "Phone": "+14155550112", "Email": "ann@example.com" })
}
