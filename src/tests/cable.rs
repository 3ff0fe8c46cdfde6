//! The network between the server and PostgreSQL, which a test can cut and mend.

use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A port of this machine that leads to another address.
pub struct Cable {
    here: SocketAddr,
    there: String,
    passing: Option<JoinHandle<()>>,
}

impl Cable {
    /// A cable to the server of a `postgres://` address, and the address by which it is reached over the cable.
    pub async fn to(url: &str) -> (Self, String) {
        let (head, rest) = url.split_once('@').expect("a user");
        let (there, name) = rest.split_once('/').expect("a database");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let here = listener.local_addr().expect("an address");
        let mut cable = Self {
            here,
            there: there.to_owned(),
            passing: None,
        };
        cable.pass(listener);
        (cable, format!("{head}@{here}/{name}"))
    }

    fn pass(&mut self, listener: TcpListener) {
        let there = self.there.clone();
        self.passing = Some(tokio::spawn(async move {
            // Dropped with this task, and every connection with it.
            let mut open = tokio::task::JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let there = there.clone();
                open.spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(there).await {
                        drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
                    }
                });
            }
        }));
    }

    /// Ends every connection and refuses new ones.
    pub async fn cut(&mut self) {
        if let Some(passing) = self.passing.take() {
            passing.abort();
            // It was cancelled, which is what was wanted.
            drop(passing.await);
        }
    }

    /// Leads through again.
    pub async fn mend(&mut self) {
        let listener = TcpListener::bind(self.here).await.expect("the same port");
        self.pass(listener);
    }
}
