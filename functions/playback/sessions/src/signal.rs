//! `playback.session.events`: signals that go out after the answer, and may be lost with the process.

use mcsp_bridge_api::kafka::Acknowledgement;
use mcsp_events::{Emission, emit};
use mcsp_function::{Context, TraceParent};
use mcsp_ids::{PlaybackSessionId, UserId, VideoId};
use serde::Serialize;

/// What happened to a session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Happened {
    /// It was opened.
    Started,
    /// It goes on: one in 30 s.
    Heartbeat,
    /// The viewer stopped.
    Ended,
    /// It was not opened, or may not go on.
    Denied,
}

impl Happened {
    const fn as_str(self) -> &'static str {
        match self {
            Happened::Started => "session.started",
            Happened::Heartbeat => "session.heartbeat",
            Happened::Ended => "session.ended",
            Happened::Denied => "session.denied",
        }
    }
}

/// A session, as the event tells of it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Signal {
    pub session_id: PlaybackSessionId,
    pub user_id: UserId,
    pub video_id: VideoId,
    pub position_ms: u64,
    pub watched_ms: u64,
    pub reason: Option<&'static str>,
}

/// Sends a signal once the answer was given. It neither delays nor fails anything.
pub(crate) fn send(context: &Context, trace: &TraceParent, happened: Happened, signal: Signal) {
    let (sender, trace, at) = (context.clone(), trace.clone(), context.now());
    context.after_answer(async move {
        let emission = Emission {
            topic: "playback.session.events",
            service: "playback",
            happened: happened.as_str(),
            key: signal.session_id,
            data: signal,
        };
        let event = emit(&sender, &trace, at, emission);
        drop(sender.bridge().publish(vec![event], Acknowledgement::Enqueued).await);
    });
}
