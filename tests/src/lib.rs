//! A client for tests: it speaks to a running platform as any user would.

mod account;
mod answer;
mod client;
pub mod collecting;
mod contract;
mod documented;
mod flood;
mod mail;
mod many;
mod media;
mod operator;
mod own;
mod platform;
pub mod playing;
mod pod;
pub mod protecting;
pub mod routes;
mod signing;
mod stores;
mod told;
mod wait;
mod wire;

pub use account::Account;
pub use answer::Answer;
pub use client::{client_python, client_script, root, run_client};
pub use contract::permissions;
pub use documented::documented;
pub use flood::Flood;
pub use mail::{Mail, mails, nth_mail};
pub use many::many_videos;
pub use media::{
    mp4_of, put_as_signed, ready_video, sample_mp4, titled_video, until_ready, uploaded_as, uploaded_video,
};
pub use operator::{Operator, variable};
pub use own::{OwnPlatform, Wires, policies};
pub use platform::Platform;
pub use pod::{Cluster, Pod, manifest};
pub use signing::{claims, platform_key};
pub use stores::postgres;
pub use told::{decide, decide_on_video, entitle, events_of, subscribe};
pub use wait::eventually;
pub use wire::{End, Fault, Wire};
