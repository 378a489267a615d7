//! The serial line to the host: request frames in, reply frames out.

use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, channel::Channel};
use embassy_time::{Duration, Timer};
use embedded_io_async::{Read, Write};
use protocol::{Deframer, Error, Kind, Packet};

use crate::{
    link::{RequestSlot, Ticket},
    log::log,
};

/// Room for the frame that says [`Error::Busy`].
const BUSY_FRAME: usize = 32;
/// The pause after an error of the line.
const PAUSE: Duration = Duration::from_millis(20);

/// A frame to send.
pub(crate) enum Outgoing {
    /// The reply to this request.
    Reply(Ticket),
    /// An error: the board is busy with another request.
    Busy(u16),
}

/// Frames to send, in order.
pub(crate) type Outbox = Channel<CriticalSectionRawMutex, Outgoing, 4>;

/// Reads requests from the line.
pub(crate) async fn read_requests(mut receive: impl Read, outgoing: &Outbox, slot: &RequestSlot) -> ! {
    let mut deframer = Deframer::new();
    let mut bytes = [0; 128];
    let mut under_way = None;
    loop {
        let read = match receive.read(&mut bytes).await {
            Ok(read) if read > 0 => read,
            // Noise, or no host. A line that fails at once each time must not starve the other tasks.
            _ => {
                Timer::after(PAUSE).await;
                continue;
            }
        };
        for byte in bytes.iter().take(read) {
            match deframer.push(*byte) {
                Some(Ok(packet)) if matches!(packet.kind, Kind::Request | Kind::Handshake | Kind::Sealed) => {
                    take_request(&packet, &mut under_way, outgoing, slot).await;
                }
                Some(Ok(_)) => log!(warn, "a packet from the host is no request"),
                Some(Err(_)) => log!(debug, "bytes on the line are no packet"),
                None => {}
            }
        }
    }
}

/// Hands a request to the worker, or repeats the reply, or reports that the board is busy.
async fn take_request(
    packet: &Packet<'_>,
    under_way: &mut Option<Ticket>,
    outgoing: &Outbox,
    slot: &RequestSlot,
) {
    let ticket = Ticket { id: packet.id, checksum: packet.checksum };
    if slot.is_busy() {
        // A repeat of the request under way: its reply will come.
        if *under_way != Some(ticket) {
            outgoing.send(Outgoing::Busy(packet.id)).await;
        }
        return;
    }
    if slot.reply.lock().await.repeat(packet).is_some() {
        outgoing.send(Outgoing::Reply(ticket)).await;
        return;
    }
    {
        let mut request = slot.request.lock().await;
        // A packet's body is never longer than the buffer.
        let Some(body) = request.body.get_mut(..packet.body.len()) else { return };
        body.copy_from_slice(packet.body);
        request.kind = packet.kind;
        request.length = packet.body.len();
        request.ticket = ticket;
    }
    *under_way = Some(ticket);
    slot.submit();
}

/// Writes replies to the line.
pub(crate) async fn write_replies(mut send: impl Write, outgoing: &Outbox, slot: &RequestSlot) -> ! {
    let mut busy = [0; BUSY_FRAME];
    loop {
        let next = embassy_futures::select::select(slot.replied.wait(), outgoing.receive()).await;
        let ticket = match next {
            embassy_futures::select::Either::First(ticket) => ticket,
            embassy_futures::select::Either::Second(Outgoing::Reply(ticket)) => ticket,
            embassy_futures::select::Either::Second(Outgoing::Busy(id)) => {
                let mut body = [0; 2];
                let packed = protocol::pack(&Error::Busy, &mut body).ok().and_then(|end| body.get(1..end));
                let frame = protocol::encode_bytes(Kind::Error, id, packed.unwrap_or_default(), &mut busy);
                if let Ok(frame) = frame {
                    // The host repeats a request without an answer.
                    let _ = send.write_all(frame).await;
                    let _ = send.flush().await;
                }
                continue;
            }
        };
        let reply = slot.reply.lock().await;
        let packet = Packet { kind: Kind::Request, id: ticket.id, checksum: ticket.checksum, body: &[] };
        if let Some(frame) = reply.repeat(&packet) {
            let _ = send.write_all(frame).await;
            let _ = send.flush().await;
        }
    }
}
