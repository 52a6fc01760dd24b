//! A door before a Kafka broker that can be shut: clients lose their connections and get no new ones.
//!
//! Brokers tell clients where they are; the proxy puts its own port in the place of the broker's.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A request's first bytes: "let me join a group".
const JOIN_GROUP: [u8; 2] = 11_u16.to_be_bytes();

type Frames = Arc<Mutex<Vec<Vec<u8>>>>;

pub struct Proxy {
    pub brokers: String,
    open: Arc<watch::Sender<bool>>,
    joins: Frames,
}

impl Proxy {
    /// Opens a door on a port of its own.
    pub async fn before(broker: &str) -> Self {
        let (host, port) = broker.split(',').next().unwrap().rsplit_once(':').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let told = place(host, port.parse().unwrap());
        let telling = place(host, own_port);
        let (open, joins) = (Arc::new(watch::Sender::new(true)), Frames::default());
        let (state, seen, broker) = (Arc::clone(&open), Arc::clone(&joins), broker.to_owned());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut state = state.subscribe();
                let (broker, told, telling) = (broker.clone(), told.clone(), telling.clone());
                let seen = Arc::clone(&seen);
                tokio::spawn(async move {
                    tokio::select! {
                        _ = state.wait_for(|open| !open) => {}
                        _ = connect(client, &broker, &told, &telling, &seen) => {}
                    }
                });
            }
        });
        Proxy { brokers: format!("127.0.0.1:{own_port}"), open, joins }
    }

    pub fn shut(&self) {
        self.open.send_replace(false);
    }

    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// The session timeouts with which clients joined a group: 32 bits after the group's name.
    pub fn session_timeouts_ms(&self, group: &str) -> Vec<u32> {
        let named = [&u16::try_from(group.len()).unwrap().to_be_bytes(), group.as_bytes()].concat();
        let timeout = |frame: &Vec<u8>| {
            let at = frame.windows(named.len()).position(|window| window == named)? + named.len();
            Some(u32::from_be_bytes(frame[at..at + 4].try_into().unwrap()))
        };
        self.joins.lock().unwrap().iter().filter_map(timeout).collect()
    }
}

/// Host and port as they stand in a response: the port as 32 bits after the host's name.
fn place(host: &str, port: u16) -> Vec<u8> {
    [host.as_bytes(), &u32::from(port).to_be_bytes()].concat()
}

async fn connect(
    client: TcpStream,
    broker: &str,
    told: &[u8],
    telling: &[u8],
    joins: &Frames,
) -> std::io::Result<()> {
    let server = TcpStream::connect(broker).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let requests = async {
        // Ends with the connection.
        loop {
            let frame = frame(&mut from_client).await?;
            if frame.starts_with(&JOIN_GROUP) {
                joins.lock().unwrap().push(frame.clone());
            }
            send(&mut to_server, &frame).await?;
        }
        #[allow(unreachable_code)]
        std::io::Result::Ok(())
    };
    let responses = async {
        // Ends with the connection.
        loop {
            let mut frame = frame(&mut from_server).await?;
            let places: Vec<usize> =
                frame.windows(told.len()).enumerate().filter(|(_, w)| *w == told).map(|(at, _)| at).collect();
            for at in places {
                frame[at..at + telling.len()].copy_from_slice(telling);
            }
            send(&mut to_client, &frame).await?;
        }
        #[allow(unreachable_code)]
        std::io::Result::Ok(())
    };
    tokio::try_join!(requests, responses).map(drop)
}

async fn frame(from: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut frame = vec![0; from.read_u32().await? as usize];
    from.read_exact(&mut frame).await?;
    Ok(frame)
}

async fn send(to: &mut (impl AsyncWrite + Unpin), frame: &[u8]) -> std::io::Result<()> {
    to.write_u32(u32::try_from(frame.len()).unwrap()).await?;
    to.write_all(frame).await
}
