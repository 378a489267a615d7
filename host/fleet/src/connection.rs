//! Connections to a broker for programs that wait: one thread drives all of them.
//!
//! Nothing of a connection outlives it. What was not acknowledged is sent again because the folder says so, and what was missed
//! is asked for again because the head says so. A broker that does not agree in time has ended the connection.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bridge::address::Address;
use bridge::{Certificates, Error as BridgeError, Fault};
use rumqttc::mqttbytes::v5::RetainForwardRule;
use rumqttc::{
    AsyncClient, Broker, ConnectionError, Event, EventLoop, LastWill, MqttOptions, Packet, PubAckReason,
    PublishNotice, PublishOptions, PublishResult, QoS, SubscribeFilterInput,
};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::{Error, pictures};

/// Seconds between two signs of life.
const KEEP_ALIVE: u16 = 30;
/// Bytes of a packet that is taken from the broker: the pictures of a person, and their topic.
const MAX_INCOMING: u32 = pictures::MOST as u32 + 4096;
/// Messages that may be without acknowledgement at once.
pub(crate) const IN_FLIGHT: usize = 128;

/// How long a broker may take to agree to a connection, a message or a filter. Pictures of a megabyte go through in this time.
const PATIENCE: Duration = Duration::from_secs(120);

/// The thread that drives connections.
pub struct Hub {
    handle: Handle,
    _stop: oneshot::Sender<()>,
}

/// How a broker is reached.
#[derive(Clone)]
pub struct Route {
    address: Address,
    options: MqttOptions,
    patience: Duration,
}

/// A connection.
pub struct Connection {
    client: AsyncClient,
    handle: Handle,
    messages: Receiver<Message>,
    ended: Arc<Mutex<Option<ConnectionError>>>,
    broker: String,
    patience: Duration,
    traffic: Arc<Traffic>,
    task: JoinHandle<()>,
}

/// What went over connections.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Messages published.
    pub sent: AtomicU64,
    /// Their bytes: topics and payloads.
    pub sent_bytes: AtomicU64,
    /// Messages received.
    pub received: AtomicU64,
    /// Their bytes.
    pub received_bytes: AtomicU64,
}

/// A message that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its topic.
    pub topic: String,
    /// What it says; empty if what was retained is gone.
    pub payload: Vec<u8>,
}

impl Hub {
    /// Starts the thread. It ends when the hub is dropped.
    ///
    /// # Errors
    /// [`Error::Runtime`].
    pub fn start() -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(Error::Runtime)?;
        let handle = runtime.handle().clone();
        let (stop, is_stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("broker".to_owned());
        let drive = move || {
            let _ = runtime.block_on(is_stopped);
        };
        thread.spawn(drive).map_err(Error::Runtime)?;
        Ok(Self { handle, _stop: stop })
    }

    /// Connects as a client of this name, and waits until the broker agrees.
    ///
    /// # Errors
    /// It does not.
    pub fn connect(&self, route: &Route, client: &str, traffic: &Arc<Traffic>) -> Result<Connection, Fault> {
        self.connect_with(route, client, traffic, None)
    }

    /// The same, and the broker publishes the last will, a topic and a message, when the connection has ended.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_with(
        &self,
        route: &Route,
        client: &str,
        traffic: &Arc<Traffic>,
        will: Option<(&str, Vec<u8>)>,
    ) -> Result<Connection, Fault> {
        let mut options = route.options.clone();
        if let Some((topic, message)) = will {
            options.set_last_will(LastWill::new(topic, message, QoS::AtLeastOnce, true, None));
        }
        options.set_client_id(client.to_owned());
        let (sender, events) = AsyncClient::builder(options).capacity(IN_FLIGHT).build();
        let (up, is_up) = oneshot::channel();
        let (tell, messages) = channel();
        let ended = Arc::new(Mutex::new(None));
        let task = drive(events, up, tell, ended.clone(), traffic.clone());
        let task = self.handle.spawn(task);
        let connection = Connection {
            client: sender,
            handle: self.handle.clone(),
            messages,
            ended,
            broker: route.address.to_string(),
            patience: route.patience,
            traffic: traffic.clone(),
            task,
        };
        match self.handle.block_on(async { timeout(route.patience, is_up).await }) {
            Ok(Ok(())) => Ok(connection),
            Ok(Err(_)) => Err(connection.fault()),
            Err(_) => Err(silent(route.patience)),
        }
    }
}

impl Route {
    /// The way to a broker.
    ///
    /// # Errors
    /// [`bridge::Error::Plain`], [`bridge::Error::Pem`], [`bridge::Error::Tls`].
    pub fn new(
        address: &Address,
        user: Option<(String, Option<String>)>,
        certificates: &Certificates,
    ) -> Result<Self, BridgeError> {
        let mut options = MqttOptions::new("postern", Broker::tcp(address.host.clone(), address.port));
        options.set_keep_alive(KEEP_ALIVE).set_clean_start(true).set_max_packet_size(Some(MAX_INCOMING));
        match user {
            Some((user, Some(password))) => drop(options.set_credentials(user, password)),
            Some((user, None)) => drop(options.set_username(user)),
            None => {}
        }
        if address.tls {
            options.set_transport(certificates.transport()?);
        } else if !certificates.is_empty() {
            return Err(BridgeError::Plain);
        }
        Ok(Self { address: address.clone(), options, patience: PATIENCE })
    }

    /// The same way, with another time for the broker to agree to something.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// How long the broker may take to agree to something.
    #[must_use]
    pub const fn patience(&self) -> Duration {
        self.patience
    }

    /// The broker, in words.
    #[must_use]
    pub fn broker(&self) -> String {
        self.address.to_string()
    }
}

impl Connection {
    /// Publishes a message, and waits until the broker has it.
    ///
    /// # Errors
    /// The connection ended, or the broker does not take it.
    pub fn publish(&self, topic: &str, payload: Vec<u8>, retain: bool) -> Result<(), Fault> {
        self.publish_all([(topic.to_owned(), payload)], retain)
    }

    /// Publishes messages in order, several of them at once, and waits until the broker has all.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    pub fn publish_all(
        &self,
        messages: impl IntoIterator<Item = (String, Vec<u8>)>,
        retain: bool,
    ) -> Result<(), Fault> {
        let mut messages = messages.into_iter();
        loop {
            let some: Vec<(String, Vec<u8>)> = messages.by_ref().take(IN_FLIGHT).collect();
            if some.is_empty() {
                return Ok(());
            }
            let bytes: usize = some.iter().map(|(topic, payload)| topic.len() + payload.len()).sum();
            self.traffic.sent.fetch_add(some.len() as u64, Ordering::Relaxed);
            self.traffic.sent_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
            // On the thread that drives the connection, so that no message waits for a change of threads.
            let (patience, client) = (self.patience, self.client.clone());
            let sent = self.handle.spawn(async move {
                timeout(patience, send(client, some, retain)).await.unwrap_or(Err(Unsent::Silent))
            });
            match self.handle.block_on(sent) {
                Ok(Ok(())) => {}
                Ok(Err(Unsent::Forbidden { topic, reason })) => {
                    let broker = self.broker.clone();
                    return Err(Fault::End(BridgeError::Forbidden { broker, topic, reason }));
                }
                Ok(Err(Unsent::Full)) => return Err(Fault::Wait("it takes no more messages".to_owned())),
                Ok(Err(Unsent::Silent)) => return Err(silent(self.patience)),
                Ok(Err(Unsent::Ended)) | Err(_) => return Err(self.fault()),
            }
        }
    }

    /// Listens to the topics of a filter; with `retained`, also to what the broker has of them already. Returns whether the
    /// broker allows it.
    ///
    /// # Errors
    /// The connection ended.
    pub fn subscribe(&self, filter: &str, retained: bool) -> Result<bool, Fault> {
        let rule = if retained { RetainForwardRule::OnEverySubscribe } else { RetainForwardRule::Never };
        let filter = SubscribeFilterInput::new(filter, QoS::AtLeastOnce).retain_forward_rule(rule);
        let asked = async {
            match self.client.subscribe_many_tracked([filter]).await {
                Ok(notice) => Some(notice.wait_completion_async().await),
                Err(_) => None,
            }
        };
        let asked = self.handle.block_on(async { timeout(self.patience, asked).await });
        match asked.map_err(|_| silent(self.patience))? {
            Some(Ok(())) => Ok(true),
            Some(Err(rumqttc::SubscribeNoticeError::V5SubAckFailure(_))) => Ok(false),
            _ => Err(self.fault()),
        }
    }

    /// Listens to topics, also to what the broker has of them already, and does not wait until it agrees.
    ///
    /// # Errors
    /// The connection ended.
    pub fn fetch(&self, topics: Vec<String>) -> Result<(), Fault> {
        let filters = topics.into_iter().map(|topic| SubscribeFilterInput::new(topic, QoS::AtLeastOnce));
        let asked = self.handle.block_on(self.client.subscribe_many(filters));
        asked.map_err(|_| self.fault())
    }

    /// Listens to them no more.
    ///
    /// # Errors
    /// The connection ended.
    pub fn unsubscribe(&self, filter: &str) -> Result<(), Fault> {
        let asked = self.handle.block_on(self.client.unsubscribe(filter));
        asked.map_err(|_| self.fault())
    }

    /// The next message; `None` if none comes in time.
    ///
    /// # Errors
    /// The connection ended.
    pub fn receive(&self, within: Duration) -> Result<Option<Message>, Fault> {
        match self.messages.recv_timeout(within) {
            Ok(message) => Ok(Some(message)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(self.fault()),
        }
    }

    /// Why it ended.
    fn fault(&self) -> Fault {
        // The task says why before it ends.
        let mut told = false;
        while !told && !self.task.is_finished() {
            told = self.ended.lock().unwrap_or_else(PoisonError::into_inner).is_some();
            std::thread::sleep(Duration::from_millis(1));
        }
        match &*self.ended.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Fault::of(error, &self.broker),
            None => Fault::Wait("the connection ended".to_owned()),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Why messages were not sent.
enum Unsent {
    /// The broker does not take this one.
    Forbidden { topic: String, reason: String },
    /// The broker takes no more of them.
    Full,
    /// The broker does not agree.
    Silent,
    /// The connection ended.
    Ended,
}

/// A broker that does not agree in time.
fn silent(patience: Duration) -> Fault {
    Fault::Wait(format!("it has not agreed to a request for {} seconds", patience.as_secs()))
}

/// Publishes messages in order, and waits until the broker has all.
async fn send(client: AsyncClient, messages: Vec<(String, Vec<u8>)>, retain: bool) -> Result<(), Unsent> {
    let mut open: Vec<(String, PublishNotice)> = Vec::new();
    for (topic, payload) in messages {
        let options = PublishOptions::at_least_once().retain(retain);
        let notice = client.publish_tracked(topic.as_str(), payload, options).await;
        open.push((topic, notice.map_err(|_| Unsent::Ended)?));
    }
    for (topic, notice) in open {
        let forbidden = |reason: String| Unsent::Forbidden { topic, reason };
        match notice.wait_async().await {
            Ok(PublishResult::Qos1(ack)) => match ack.reason {
                PubAckReason::Success | PubAckReason::NoMatchingSubscribers => {}
                PubAckReason::NotAuthorized => {
                    return Err(forbidden("this user may not write there".to_owned()));
                }
                PubAckReason::QuotaExceeded => return Err(Unsent::Full),
                other => return Err(forbidden(format!("{other:?}"))),
            },
            Err(rumqttc::PublishNoticeError::RetainNotSupported) => {
                return Err(forbidden("it retains no messages, which a fleet needs".to_owned()));
            }
            Ok(_) | Err(_) => return Err(Unsent::Ended),
        }
    }
    Ok(())
}

/// Drives a connection until it ends.
async fn drive(
    mut events: EventLoop,
    up: oneshot::Sender<()>,
    tell: Sender<Message>,
    ended: Arc<Mutex<Option<ConnectionError>>>,
    traffic: Arc<Traffic>,
) {
    let mut up = Some(up);
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                if let Some(up) = up.take() {
                    let _ = up.send(());
                }
            }
            Ok(Event::Incoming(Packet::Publish(message))) => {
                let topic = String::from_utf8_lossy(&message.topic).into_owned();
                let payload = message.payload.to_vec();
                traffic.received.fetch_add(1, Ordering::Relaxed);
                traffic.received_bytes.fetch_add((topic.len() + payload.len()) as u64, Ordering::Relaxed);
                if tell.send(Message { topic, payload }).is_err() {
                    return;
                }
            }
            Ok(_) => {}
            Err(error) => {
                *ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                return;
            }
        }
    }
}
