//! One connection to the broker. When it ends, another one is made from nothing: what was not acknowledged is sent again by
//! the log's numbers, and not by the library.
//!
//! Messages go out one at a time, each after the acknowledgement of the one before. A task of its own drives the connection, so
//! that nothing cuts it off in the middle of a packet.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rumqttc::{
    AsyncClient, Broker, ConnectionError, Event, EventLoop, LastWill, MqttOptions, Packet, PubAckReason,
    PublishOptions, PublishResult, QoS, SubscribeFilterInput,
};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::Error;
use crate::address::Address;
use crate::fault::Fault;
use crate::topics::Topics;

/// Seconds between two signs of life. A broker gives up a client after half as much again.
const KEEP_ALIVE: u16 = 15;
/// Bytes of a packet that is taken from the broker: a birth message is a word.
const MAX_INCOMING: u32 = 1024;
/// Commands to open that may wait. The others of a flood are dropped.
const WAITING: usize = 8;
/// What Home Assistant says when it starts.
const BIRTH: &[u8] = b"online";

/// How far a connection is.
#[derive(Clone, Debug)]
enum Stage {
    Connecting,
    Up,
    Ended(Arc<ConnectionError>),
}

/// A connection.
pub struct Link {
    client: AsyncClient,
    broker: String,
    stage: watch::Receiver<Stage>,
    born: Arc<AtomicBool>,
    commands: Option<mpsc::Receiver<Message>>,
    task: JoinHandle<()>,
}

/// A message that may be a command to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it says.
    pub payload: Vec<u8>,
    /// Whether its sender wanted the broker to keep it.
    pub retained: bool,
}

/// What the connections to a broker have in common.
#[derive(Clone)]
pub struct Connecting {
    /// Where it is.
    pub address: Address,
    /// The options of the library.
    pub options: MqttOptions,
    /// The topic of the birth message.
    birth: String,
}

impl Connecting {
    /// Connections to `address`, by a client of this name.
    pub fn new(address: Address, client: String, topics: &Topics) -> Self {
        let mut options = MqttOptions::new(client, Broker::tcp(address.host.clone(), address.port));
        options.set_keep_alive(KEEP_ALIVE).set_clean_start(true).set_max_packet_size(Some(MAX_INCOMING));
        let will = LastWill::new(&topics.status, "offline", QoS::AtLeastOnce, true, None);
        options.set_last_will(will);
        Self { address, options, birth: topics.birth.clone() }
    }
}

impl Link {
    /// Connects, and waits until the broker agrees.
    ///
    /// # Errors
    /// It does not.
    pub async fn open(connecting: &Connecting) -> Result<Self, Fault> {
        let (client, events) = AsyncClient::builder(connecting.options.clone()).capacity(8).build();
        let (tell, stage) = watch::channel(Stage::Connecting);
        let born = Arc::new(AtomicBool::new(false));
        let (hear, commands) = mpsc::channel(WAITING);
        let birth = connecting.birth.clone();
        let task = tokio::spawn(drive(events, tell, born.clone(), birth, hear));
        let broker = connecting.address.to_string();
        let mut link = Self { client, broker, stage, born, commands: Some(commands), task };
        match link.after(|stage| !matches!(stage, Stage::Connecting)).await {
            Some(fault) => Err(fault),
            None => Ok(link),
        }
    }

    /// Listens to a topic. Returns whether the broker allows it.
    ///
    /// # Errors
    /// The connection ended.
    pub async fn listen(&mut self, topic: &str) -> Result<bool, Fault> {
        // So that a command that its sender had retained is known as one.
        let filter = SubscribeFilterInput::new(topic, QoS::AtLeastOnce).preserve_retain(true);
        let asked = self.client.subscribe_many_tracked([filter]).await;
        match asked {
            Ok(notice) => match notice.wait_completion_async().await {
                Ok(()) => Ok(true),
                Err(rumqttc::SubscribeNoticeError::V5SubAckFailure(_)) => Ok(false),
                Err(_) => Err(self.ended().await),
            },
            Err(_) => Err(self.ended().await),
        }
    }

    /// Publishes a message, and waits for its acknowledgement.
    ///
    /// # Errors
    /// The connection ended; [`Error::Forbidden`].
    pub async fn publish(&mut self, topic: &str, payload: &str, retain: bool) -> Result<(), Fault> {
        let options = PublishOptions::at_least_once().retain(retain);
        let Ok(notice) = self.client.publish_tracked(topic, payload.to_owned(), options).await else {
            return Err(self.ended().await);
        };
        let forbidden = |reason: String| {
            let (broker, topic) = (self.broker.clone(), topic.to_owned());
            Fault::End(Error::Forbidden { broker, topic, reason })
        };
        match notice.wait_async().await {
            Ok(PublishResult::Qos1(ack)) => match ack.reason {
                PubAckReason::Success | PubAckReason::NoMatchingSubscribers => Ok(()),
                PubAckReason::NotAuthorized => Err(forbidden("this user may not write there".to_owned())),
                PubAckReason::QuotaExceeded => Err(Fault::Wait("it takes no more messages".to_owned())),
                other => Err(forbidden(format!("{other:?}"))),
            },
            Err(rumqttc::PublishNoticeError::RetainNotSupported) => {
                Err(forbidden("it retains no messages, which a door's state needs".to_owned()))
            }
            Ok(_) | Err(_) => Err(self.ended().await),
        }
    }

    /// Waits until the connection ends, and says why.
    pub async fn ended(&mut self) -> Fault {
        let ended = self.after(|stage| matches!(stage, Stage::Ended(_))).await;
        ended.unwrap_or_else(|| Fault::Wait("the connection ended".to_owned()))
    }

    /// The messages of topics that are listened to, but for the birth message. They are given out once.
    pub fn take_commands(&mut self) -> mpsc::Receiver<Message> {
        self.commands.take().unwrap_or_else(|| mpsc::channel(1).1)
    }

    /// Whether Home Assistant has started since this was asked last.
    pub fn was_born(&self) -> bool {
        self.born.swap(false, Ordering::Relaxed)
    }

    /// Waits for a stage; the fault if it is the end.
    async fn after(&mut self, reached: impl FnMut(&Stage) -> bool) -> Option<Fault> {
        match self.stage.wait_for(reached).await.as_deref() {
            Ok(Stage::Ended(error)) => Some(Fault::of(error, &self.broker)),
            Ok(_) => None,
            Err(_) => Some(Fault::Wait("the connection ended".to_owned())),
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Drives a connection until it ends.
async fn drive(
    mut events: EventLoop,
    tell: watch::Sender<Stage>,
    born: Arc<AtomicBool>,
    birth: String,
    commands: mpsc::Sender<Message>,
) {
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                let _ = tell.send(Stage::Up);
            }
            Ok(Event::Incoming(Packet::Publish(message))) => {
                if message.topic != birth.as_bytes() {
                    let (payload, retained) = (message.payload.to_vec(), message.retain);
                    let _ = commands.try_send(Message { payload, retained });
                } else if message.payload == BIRTH {
                    born.store(true, Ordering::Relaxed);
                }
            }
            Ok(_) => {}
            Err(error) => {
                let _ = tell.send(Stage::Ended(Arc::new(error)));
                return;
            }
        }
    }
}
