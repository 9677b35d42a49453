//! A server that is no Odoo 19: gives the same answer to everybody.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
};

/// Begins to answer; gives its address.
pub fn answers(status: &'static str, kind: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            // Requests of the connector end with "}"; those without a body with an empty line.
            while !request.ends_with(b"}") && !request.ends_with(b"\r\n\r\n") || request.starts_with(b"POST") && !request.ends_with(b"}") {
                let mut piece = [0; 4096];
                let read = stream.read(&mut piece).unwrap();
                if read == 0 {
                    break;
                }
                request.extend_from_slice(&piece[..read]);
            }
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            let _gone = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        }
    });
    address
}
