/// How a [`Server`](super::Server) runs. The default: on any free port, in one thread, the clock stands, nothing waits, no TLS.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// 0: any free one.
    pub port: u16,
    /// The clock runs by itself from this moment (milliseconds since 1970), and answers take their time in earnest, unless a player asks. None:
    /// the clock stands at 0 until a test moves it, and nothing ever waits.
    pub real_time_from: Option<u64>,
    /// Threads that read, write and wait. The fake itself does one request at a time.
    pub workers: usize,
    /// TLS with this certificate.
    #[cfg(feature = "tls")]
    pub tls: Option<super::Certificate>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            port: 0,
            real_time_from: None,
            workers: 1,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}
