//! Load at a fixed rate, an open loop: requests fall due by the clock, whether or not earlier ones were answered.
//!
//! A closed loop waits while the server stalls, and so leaves out just those requests that would have been slow
//! (coordinated omission). Here a request that could not be sent when it was due counts from when it was.

use crate::load::Load;
use anyhow::{Context, ensure};
use bytes::Bytes;
use hdrhistogram::Histogram;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use std::iter::StepBy;
use std::ops::RangeFrom;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::unix::AsyncFd;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How long answers are awaited that were due by the end.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longer latencies are told as this one.
const LATENCY_MAX_US: u64 = 60_000_000;
const SIGNIFICANT_DIGITS: u8 = 3;

/// What came of a load at a fixed rate.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    /// From when a request was due to its whole answer, in µs; of expected answers only.
    latency_us: Histogram<u64>,
    /// Answers 503: the server had too much to do.
    pub refused: u64,
    /// Requests that were due and not sent, for it was too late: all connections waited for answers.
    pub unsent: u64,
    /// Expected answers that came within the time of the load.
    pub in_time: u64,
}

impl Answers {
    fn none() -> anyhow::Result<Self> {
        let latency_us = Histogram::new_with_max(LATENCY_MAX_US, SIGNIFICANT_DIGITS)?;
        Ok(Answers { latency_us, refused: 0, unsent: 0, in_time: 0 })
    }

    fn add(&mut self, other: &Answers) -> anyhow::Result<()> {
        self.latency_us.add(&other.latency_us)?;
        self.refused += other.refused;
        self.unsent += other.unsent;
        self.in_time += other.in_time;
        Ok(())
    }

    /// In milliseconds, such as the latency of 0.99 of the answers.
    pub fn quantile_ms(&self, quantile: f64) -> f64 {
        self.latency_us.value_at_quantile(quantile) as f64 / 1e3
    }
}

impl Load {
    /// Sends `per_second` for this long to `url`, without the path. What could not be sent when it was due is sent
    /// later, up to `late` after the end.
    pub fn run_at(
        &self,
        url: &str,
        per_second: f64,
        duration: Duration,
        late: Duration,
    ) -> anyhow::Result<Answers> {
        self.check(url)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let requests: Arc<[_]> = self.requests(url)?.into();
            let mut open = Vec::new();
            for first in 0..self.connections as usize {
                // Together they send each request as often as any other.
                let turns = (first..).step_by(self.connections as usize);
                open.push(Connection::open(url, Arc::clone(&requests), turns).await?);
            }
            let (mut connections, mut queues) = (JoinSet::new(), Vec::new());
            let end = Instant::now() + duration;
            for connection in open {
                let (queue, due) = mpsc::unbounded_channel();
                queues.push(queue);
                connections.spawn(connection.run(due, self.expect.0, [end, end + late]));
            }
            // Which connection a request goes by is settled beforehand: one that stalls keeps its own waiting.
            let mut turns = queues.iter().cycle();
            pace(per_second, duration, |due| {
                // A connection that broke off tells so itself, below.
                turns.next().map(|queue| queue.send(due).is_ok());
            })
            .await?;
            drop(queues);
            let mut answers = Answers::none()?;
            let gathered = async {
                while let Some(one) = connections.join_next().await {
                    answers.add(&one??)?;
                }
                anyhow::Ok(())
            };
            tokio::time::timeout(PATIENCE, gathered).await.context("answers are missing")??;
            Ok(answers)
        })
    }

    fn requests(&self, url: &str) -> anyhow::Result<Vec<Request<Full<Bytes>>>> {
        let host = url.trim_start_matches("http://");
        let body = Bytes::from(self.body.clone().unwrap_or_default());
        let bare = || {
            let mut request =
                Request::builder().method(self.method).uri(&*self.path).header(header::HOST, host);
            if self.body.is_some() {
                request = request.header(header::CONTENT_TYPE, "application/json");
            }
            request
        };
        let mut requests = Vec::new();
        for token in &self.tokens {
            let request = bare().header(header::AUTHORIZATION, format!("Bearer {token}"));
            requests.push(request.body(Full::new(body.clone()))?);
        }
        if requests.is_empty() {
            requests.push(bare().body(Full::new(body))?);
        }
        Ok(requests)
    }
}

/// One connection, with the requests that it sends in turns.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    requests: Arc<[Request<Full<Bytes>>]>,
    turns: Turns,
}

/// Which request is sent next, as a place in their endless repetition.
type Turns = StepBy<RangeFrom<usize>>;

impl Connection {
    async fn open(url: &str, requests: Arc<[Request<Full<Bytes>>]>, turns: Turns) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(url.trim_start_matches("http://")).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Its end is seen by whoever sends next.
        tokio::spawn(connection);
        Ok(Connection { sender, requests, turns })
    }

    async fn run(
        mut self,
        mut due: mpsc::UnboundedReceiver<Instant>,
        expected: u16,
        [end, too_late]: [Instant; 2],
    ) -> anyhow::Result<Answers> {
        let mut answers = Answers::none()?;
        while let Some(due) = due.recv().await {
            if Instant::now() > too_late {
                answers.unsent += 1;
                continue;
            }
            let turn = self.turns.next().unwrap_or_default() % self.requests.len();
            let request = self.requests.get(turn).cloned().context("there is no request")?;
            let answer = self.sender.send_request(request).await?;
            let status = answer.status();
            answer.into_body().collect().await?;
            let now = Instant::now();
            if status == StatusCode::SERVICE_UNAVAILABLE {
                answers.refused += 1;
                continue;
            }
            ensure!(status.as_u16() == expected, "an answer was {status}");
            let latency_us = u64::try_from(now.duration_since(due).as_micros()).unwrap_or(u64::MAX);
            answers.latency_us.saturating_record(latency_us);
            answers.in_time += u64::from(now <= end);
        }
        Ok(answers)
    }
}

/// Calls `release` with each time at which a request is due, as soon as it has come. The kernel's timer is used
/// because the runtime's counts in milliseconds.
async fn pace(per_second: f64, duration: Duration, mut release: impl FnMut(Instant)) -> anyhow::Result<()> {
    let interval = Duration::from_secs_f64(1.0 / per_second);
    // SAFETY: the result owns the timer, which stays open for as long.
    let timer = unsafe { AsyncFd::register(ticking(interval)?) }?;
    let (begun, mut due_after) = (Instant::now(), Duration::ZERO);
    while due_after < duration {
        if begun.elapsed() >= due_after {
            release(begun + due_after);
            due_after += interval;
            // Far behind, it must still let answers be taken.
            tokio::task::consume_budget().await;
            continue;
        }
        let mut ready = timer.readable().await?;
        let mut ticks = [0; 8];
        // Woken for nothing is no matter: the clock is looked at all the same.
        drop(ready.try_io(|timer| Ok(rustix::io::read(timer, &mut ticks)?)));
    }
    Ok(())
}

fn ticking(interval: Duration) -> anyhow::Result<OwnedFd> {
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
    let every = Timespec::try_from(interval)?;
    let times = Itimerspec { it_interval: every, it_value: every };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &times)?;
    Ok(timer)
}
