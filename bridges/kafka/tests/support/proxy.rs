//! A door before a Kafka broker that can be shut: clients lose their connections and get no new ones.
//!
//! Brokers tell clients where they are; the proxy puts its own port in the place of the broker's.

use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub struct Proxy {
    pub brokers: String,
    open: Arc<watch::Sender<bool>>,
}

impl Proxy {
    /// Opens a door on a port of its own.
    pub async fn before(broker: &str) -> Self {
        let (host, port) = broker.split(',').next().unwrap().rsplit_once(':').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let told = place(host, port.parse().unwrap());
        let telling = place(host, own_port);
        let open = Arc::new(watch::Sender::new(true));
        let (state, broker) = (Arc::clone(&open), broker.to_owned());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut state = state.subscribe();
                let (broker, told, telling) = (broker.clone(), told.clone(), telling.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = state.wait_for(|open| !open) => {}
                        _ = connect(client, &broker, &told, &telling) => {}
                    }
                });
            }
        });
        Proxy { brokers: format!("127.0.0.1:{own_port}"), open }
    }

    pub fn shut(&self) {
        self.open.send_replace(false);
    }

    pub fn open(&self) {
        self.open.send_replace(true);
    }
}

/// Host and port as they stand in a response: the port as 32 bits after the host's name.
fn place(host: &str, port: u16) -> Vec<u8> {
    [host.as_bytes(), &u32::from(port).to_be_bytes()].concat()
}

async fn connect(client: TcpStream, broker: &str, told: &[u8], telling: &[u8]) -> std::io::Result<()> {
    let server = TcpStream::connect(broker).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let requests = async { tokio::io::copy(&mut from_client, &mut to_server).await.map(drop) };
    let responses = async {
        // Ends with the connection.
        loop {
            let length = from_server.read_u32().await?;
            let mut frame = vec![0; length as usize];
            from_server.read_exact(&mut frame).await?;
            let places: Vec<usize> =
                frame.windows(told.len()).enumerate().filter(|(_, w)| *w == told).map(|(at, _)| at).collect();
            for at in places {
                frame[at..at + telling.len()].copy_from_slice(telling);
            }
            to_client.write_u32(length).await?;
            to_client.write_all(&frame).await?;
        }
        #[allow(unreachable_code)]
        std::io::Result::Ok(())
    };
    tokio::try_join!(requests, responses).map(drop)
}
