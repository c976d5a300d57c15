//! The controls at `/_sim/`: faults, clients, devices, sessions, the clock, and the list of token requests.
//! They have no counterpart in Keycloak; tests and the sandbox turn them.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::device;
use super::keys;
use super::people::{PEOPLE, Person};
use super::realm::Client;
use super::state::{Answer, Fault, Sim};

/// The faults that wait for the next token requests.
const WAITING: [&str; 5] = ["token_endpoint_down", "answer_lost", "slow", "slow_answer", "slow_down"];

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/faults", web::post().to(order))
        .route("/faults", web::delete().to(clear))
        .route("/events", web::get().to(events))
        .route("/people", web::get().to(people))
        .route("/clients", web::get().to(clients))
        .route("/clients", web::post().to(put_client))
        .route("/device/approve", web::post().to(approve))
        .route("/device/deny", web::post().to(deny))
        .route("/clock", web::post().to(advance));
}

#[derive(Debug, Deserialize)]
struct Order {
    name: String,
    #[serde(default = "once")]
    times: u32,
    #[serde(default)]
    ms: u64,
    user: Option<String>,
}

fn once() -> u32 {
    1
}

async fn order(sim: web::Data<Sim>, order: web::Json<Order>) -> HttpResponse {
    let order = order.into_inner();
    let user = order.user.as_deref().and_then(Person::find);
    match (order.name.as_str(), user) {
        ("rotate_keys", _) => return rotate_keys(&sim).await,
        ("disable_user", Some(person)) => {
            sim.with(|inner| inner.disabled.insert(person.username.to_owned()));
        }
        ("enable_user", Some(person)) => {
            sim.with(|inner| inner.disabled.remove(person.username));
        }
        ("end_session", Some(person)) => sim.with(|inner| {
            inner.sessions.retain(|_, session| session.person.username != person.username);
        }),
        (name, _) if WAITING.contains(&name) => sim.with(|inner| {
            inner.faults.push(Fault { name: order.name.clone(), left: order.times, ms: order.ms });
        }),
        (_, _) => return unknown("no such fault, or it needs a user"),
    }
    HttpResponse::NoContent().finish()
}

/// The next key of this process signs from now on; the older ones stay published, as in Keycloak.
async fn rotate_keys(sim: &Sim) -> HttpResponse {
    let next = sim.options.key + sim.with(|inner| inner.keys.len());
    match web::block(move || keys::numbered(next)).await {
        Ok(Ok(key)) => {
            sim.with(|inner| inner.keys.push(key));
            HttpResponse::NoContent().finish()
        }
        Ok(Err(_)) | Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

async fn clear(sim: web::Data<Sim>) -> HttpResponse {
    sim.with(|inner| inner.faults.clear());
    HttpResponse::NoContent().finish()
}

async fn events(sim: web::Data<Sim>) -> HttpResponse {
    HttpResponse::Ok().json(sim.with(|inner| inner.events.clone()))
}

async fn people() -> HttpResponse {
    let people: Vec<_> = PEOPLE
        .iter()
        .map(|person| {
            json!({"username": person.username, "sub": person.sub, "email": person.email(), "name": person.name()})
        })
        .collect();
    HttpResponse::Ok().json(people)
}

async fn clients(sim: web::Data<Sim>) -> HttpResponse {
    let clients: Vec<Client> = sim.with(|inner| inner.clients.values().cloned().collect());
    HttpResponse::Ok().json(clients)
}

/// With `client_id` and `redirect_uris` alone it changes the redirects of a known client; else it puts a whole one.
async fn put_client(sim: web::Data<Sim>, fields: web::Json<serde_json::Value>) -> HttpResponse {
    let Ok(client) = serde_json::from_value::<Client>(fields.clone()) else {
        return unknown("not a client");
    };
    let redirects_only = fields
        .as_object()
        .is_some_and(|fields| fields.keys().all(|key| key == "client_id" || key == "redirect_uris"));
    let known = sim.with(|inner| match inner.clients.get_mut(&client.client_id) {
        Some(known) if redirects_only => {
            known.redirect_uris.clone_from(&client.redirect_uris);
            true
        }
        Some(_) | None if redirects_only => false,
        Some(_) | None => {
            inner.clients.insert(client.client_id.clone(), client.clone());
            true
        }
    });
    if known { HttpResponse::NoContent().finish() } else { unknown("no such client") }
}

#[derive(Debug, Deserialize)]
struct DeviceAnswer {
    user_code: String,
    user: Option<String>,
}

async fn approve(sim: web::Data<Sim>, answer: web::Json<DeviceAnswer>) -> HttpResponse {
    let Some(person) = answer.user.as_deref().and_then(Person::find) else {
        return unknown("no such user");
    };
    settled(&sim, &answer.user_code, Answer::Approved(person))
}

async fn deny(sim: web::Data<Sim>, answer: web::Json<DeviceAnswer>) -> HttpResponse {
    settled(&sim, &answer.user_code, Answer::Denied)
}

fn settled(sim: &Sim, user_code: &str, answer: Answer) -> HttpResponse {
    if sim.with(|inner| device::settle(inner, user_code, answer)) {
        HttpResponse::NoContent().finish()
    } else {
        unknown("no device shows that code")
    }
}

#[derive(Debug, Deserialize)]
struct Advance {
    advance_s: u64,
}

async fn advance(sim: web::Data<Sim>, by: web::Json<Advance>) -> HttpResponse {
    sim.with(|inner| inner.ahead_s += by.advance_s);
    HttpResponse::NoContent().finish()
}

fn unknown(text: &str) -> HttpResponse {
    HttpResponse::NotFound().json(json!({"error": text}))
}
