//! How many searches a second the fake answers over its seeded org, through the socket, with connections that stay open, and how many bare
//! `/services/data` requests beside: `cargo run --release -p fake-salesforce --example load -- [SECONDS] [CONNECTIONS]`.

use std::{
    error::Error,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use fake_salesforce::standalone::{Options, start};

/// The org of the issue: 50,000 contacts, 20,000 leads, 5,000 accounts.
const ROWS: usize = 75_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().map_or(Ok(5), |given| given.parse())?;
    let connections: usize = arguments.next().map_or(Ok(4), |given| given.parse())?;
    let now_ms = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let began = Instant::now();
    let started = start(&Options { rows: Some(ROWS), now_ms, ..Options::default() })?;
    println!("seeded {ROWS} rows in {:.2} s", began.elapsed().as_secs_f64());
    let host = started.address.trim_start_matches("http://").to_owned();
    let token = started.variables.iter().find(|(name, _)| *name == "SF_ACCESS_TOKEN").map_or("", |(_, value)| value);
    // More calls than any org has would be refused.
    control(&host, "quota", r#"{"max": 1000000000, "left": 1000000000}"#)?;
    let authorised = format!("host: {host}\r\nauthorization: Bearer {token}\r\n");
    let bare = rate(&host, connections, seconds, |_| format!("GET /services/data HTTP/1.1\r\n{authorised}\r\n"))?;
    println!("bare /services/data: {bare:.0} a second");
    let search = rate(&host, connections, seconds, |number| {
        // Every number is another one, as callers' numbers are; most are nobody's, as callers' are too.
        let (a, b, c) = (200 + number % 700, 100 + number % 100, 4_155_550_100 + number % 100);
        let query = format!(
            "FIND%20%7B{a}55501{b}%20OR%201{c}%20OR%20{c}%7D%20IN%20PHONE%20FIELDS%20RETURNING%20Contact(Id,Name,Phone,MobilePhone),\
             Lead(Id,Name,Phone%20WHERE%20IsConverted=false),Account(Id,Name,Phone)"
        );
        format!("GET /services/data/v66.0/search/?q={query} HTTP/1.1\r\n{authorised}\r\n")
    })?;
    println!("searches: {search:.0} a second, {:.0} % of bare requests", 100.0 * search / bare);
    Ok(())
}

fn control(host: &str, knob: &str, value: &str) -> Result<(), Box<dyn Error>> {
    let mut socket = BufReader::new(TcpStream::connect(host)?);
    let length = value.len();
    write!(socket.get_mut(), "POST /_control/knobs/{knob} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{value}")?;
    expect_ok(&mut socket)
}

/// Answers a second, over so many connections at once.
fn rate(host: &str, connections: usize, seconds: u64, request: impl Fn(usize) -> String + Sync) -> Result<f64, Box<dyn Error>> {
    let until = Instant::now() + Duration::from_secs(seconds);
    let began = Instant::now();
    let counts: Vec<Result<usize, String>> = std::thread::scope(|scope| {
        let request = &request;
        let threads: Vec<_> = (0..connections)
            .map(|thread| {
                scope.spawn(move || {
                    let work = || -> Result<usize, Box<dyn Error>> {
                        let stream = TcpStream::connect(host)?;
                        stream.set_nodelay(true)?;
                        let mut socket = BufReader::new(stream);
                        let mut done = 0;
                        while Instant::now() < until {
                            socket.get_mut().write_all(request(done * connections + thread).as_bytes())?;
                            expect_ok(&mut socket)?;
                            done += 1;
                        }
                        Ok(done)
                    };
                    work().map_err(|why| why.to_string())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("a thread failed".to_owned()))).collect()
    });
    let mut done = 0.0;
    for count in counts {
        done += f64::from(u32::try_from(count?)?);
    }
    Ok(done / began.elapsed().as_secs_f64())
}

/// Reads one answer to its end.
fn expect_ok(socket: &mut BufReader<TcpStream>) -> Result<(), Box<dyn Error>> {
    let mut length = 0;
    let mut line = String::new();
    socket.read_line(&mut line)?;
    if !line.starts_with("HTTP/1.1 200") {
        return Err(line.into());
    }
    loop {
        line.clear();
        socket.read_line(&mut line)?;
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body)?;
    Ok(())
}
