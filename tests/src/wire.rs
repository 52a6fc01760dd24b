//! A wire between the platform and what it depends on, that can fail as wires and machines do.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

/// How late a slow wire brings an answer.
const LATE: Duration = Duration::from_secs(10);
const BACKLOG: u32 = 1_024;
const CHUNK_BYTES: usize = 16 * 1024;

/// What a wire does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It works.
    None,
    /// The other end is gone without a word: what is sent is taken, and nothing comes back.
    Dead,
    /// Nobody listens.
    Refusing,
    /// Answers come after 10 s.
    Slow,
    /// Connections are reset as soon as something is sent.
    Resetting,
    /// Something is answered that is no answer.
    Garbage,
}

impl Fault {
    /// All that can be wrong.
    pub const ALL: [Fault; 5] = [Fault::Dead, Fault::Refusing, Fault::Slow, Fault::Resetting, Fault::Garbage];
}

/// What lies at the other end, and how it talks.
#[derive(Clone, Debug)]
pub struct End {
    /// `host:port`
    pub address: String,
    /// What is answered instead of an answer: connections take turns.
    pub garbage: [&'static [u8]; 2],
    /// Whether the other end tells clients its own address, as Kafka's brokers do: the wire's is put in its place.
    pub tells_its_address: bool,
}

/// A wire.
#[derive(Debug)]
pub struct Wire {
    address: SocketAddr,
    fault: Arc<watch::Sender<Fault>>,
    /// Keeps the port ours while nobody listens.
    _held: TcpSocket,
}

impl Wire {
    /// A wire to the other end, on a port of its own.
    ///
    /// # Panics
    /// Where there is no port.
    pub fn to(end: End) -> Wire {
        let held = socket((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
        let address = held.local_addr().expect("an address");
        let fault = Arc::new(watch::Sender::new(Fault::None));
        tokio::spawn(serve(address, Arc::new(end), fault.subscribe()));
        Wire { address, fault, _held: held }
    }

    /// Where it begins: `127.0.0.1:port`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks it, or mends it.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }
}

fn socket(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn serve(address: SocketAddr, end: Arc<End>, mut fault: watch::Receiver<Fault>) {
    let turns = AtomicUsize::new(0);
    loop {
        if fault.wait_for(|fault| *fault != Fault::Refusing).await.is_err() {
            return;
        }
        let listener =
            socket(address).and_then(|socket| socket.listen(BACKLOG)).expect("the wire's own port");
        let mut refusing = fault.clone();
        tokio::select! {
            _ = refusing.wait_for(|fault| *fault == Fault::Refusing) => {}
            () = accept(&listener, address, &end, &fault, &turns) => return,
        }
    }
}

async fn accept(
    listener: &TcpListener,
    address: SocketAddr,
    end: &Arc<End>,
    fault: &watch::Receiver<Fault>,
    turns: &AtomicUsize,
) {
    // Ends with the test's runtime.
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        let (end, fault) = (Arc::clone(end), fault.clone());
        let turn = turns.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            client.set_nodelay(true).ok();
            // Either side may hang up: that ends the connection.
            drop(connect(client, address, &end, fault, turn).await);
        });
    }
}

/// One connection. When the fault changes it is closed: what half an exchange means to either side nobody knows.
async fn connect(
    mut client: TcpStream,
    address: SocketAddr,
    end: &End,
    mut fault: watch::Receiver<Fault>,
    turn: usize,
) -> std::io::Result<()> {
    let now = *fault.borrow_and_update();
    match now {
        Fault::None | Fault::Slow => {
            let server = TcpStream::connect(&end.address).await?;
            server.set_nodelay(true)?;
            let (from_client, mut to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            let late = if now == Fault::Slow { LATE } else { Duration::ZERO };
            tokio::select! {
                _ = fault.changed() => {}
                done = forward(from_client, to_server) => done?,
                done = backward(from_server, &mut to_client, (end, address), late) => done?,
            }
            // With a reset it ends at once for whoever waits for an answer, unless nothing is to be heard any more.
            let next = *fault.borrow();
            if matches!(next, Fault::Dead | Fault::Slow) {
                fault.changed().await.ok();
            }
        }
        Fault::Dead => {
            fault.changed().await.ok();
        }
        Fault::Refusing => {}
        Fault::Resetting => {
            heard(&mut client).await?;
            client.set_zero_linger()?;
        }
        Fault::Garbage => {
            let garbage = end.garbage[turn % 2];
            tokio::select! {
                _ = fault.changed() => {}
                done = async {
                    loop {
                        heard(&mut client).await?;
                        client.write_all(garbage).await?;
                    }
                    #[allow(unreachable_code)]
                    std::io::Result::Ok(())
                } => done?,
            }
        }
    }
    Ok(())
}

async fn heard(client: &mut TcpStream) -> std::io::Result<()> {
    match client.read(&mut [0; CHUNK_BYTES]).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> std::io::Result<()> {
    tokio::io::copy(&mut from, &mut to).await.map(drop)
}

async fn backward(
    mut from: OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    (end, address): (&End, SocketAddr),
    late: Duration,
) -> std::io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    // Ends with the connection.
    loop {
        let length = if end.tells_its_address {
            frame(&mut from, &mut chunk, &end.address, address).await?
        } else {
            from.read(&mut chunk).await?
        };
        if length == 0 {
            return Ok(());
        }
        if !late.is_zero() {
            tokio::time::sleep(late).await;
        }
        to.write_all(&chunk[..length]).await?;
    }
}

/// A whole frame of Kafka's protocol, in which the broker's address is replaced: host, then port in 32 bits.
async fn frame(
    from: &mut OwnedReadHalf,
    chunk: &mut Vec<u8>,
    broker: &str,
    own: SocketAddr,
) -> std::io::Result<usize> {
    let size = from.read_u32().await?;
    let length = 4 + usize::try_from(size).expect("a frame of Kafka");
    chunk.resize(length.max(CHUNK_BYTES), 0);
    chunk[..4].copy_from_slice(&size.to_be_bytes());
    from.read_exact(&mut chunk[4..length]).await?;
    let (host, port) = broker.rsplit_once(':').expect("host and port");
    let place = |port: u16| [host.as_bytes(), &u32::from(port).to_be_bytes()].concat();
    let (told, telling) = (place(port.parse().expect("a port")), place(own.port()));
    let places: Vec<usize> = chunk[..length]
        .windows(told.len())
        .enumerate()
        .filter(|(_, window)| *window == told)
        .map(|(at, _)| at)
        .collect();
    for at in places {
        chunk[at..at + telling.len()].copy_from_slice(&telling);
    }
    Ok(length)
}
