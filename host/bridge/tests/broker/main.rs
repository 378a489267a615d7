//! A bridge against a real broker, mosquitto, and a door in memory.

mod door;
mod events;
mod home_assistant;
mod opening;
mod refused;
mod tls;
