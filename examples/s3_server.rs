//! A store as Amazon's S3, of the folders in a folder: each is a bucket. For trials and measurements.
//!
//! `cargo run --example s3_server -- FOLDER KEY SECRET [PORT]` prints its address and serves until it is ended.

#[path = "../tests/it/s3/store.rs"]
#[allow(
    clippy::unwrap_used,
    clippy::wildcard_imports,
    reason = "the tests' own, where what cannot be served may fail loudly"
)]
mod store;

use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use std::io::Write as _;
use std::path::Path;
use store::Store;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, key, secret, port) = match arguments.as_slice() {
        [folder, key, secret] => (folder, key, secret, 0),
        [folder, key, secret, port] => (folder, key, secret, port.parse()?),
        _ => return Err("expected FOLDER KEY SECRET [PORT]".into()),
    };
    let mut builder = S3ServiceBuilder::new(Store::new(Path::new(folder)));
    builder.set_auth(SimpleAuth::from_single(key.as_str(), secret.as_str()));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    writeln!(std::io::stdout(), "http://{}", listener.local_addr()?)?;
    serve(&listener, &builder.build()).await
}

async fn serve(
    listener: &TcpListener,
    service: &S3Service,
) -> Result<(), Box<dyn std::error::Error>> {
    loop {
        let (stream, _) = listener.accept().await?;
        let service = service.clone();
        tokio::spawn(async move {
            let io = hyper_util::rt::TokioIo::new(stream);
            // Clients come and go, also in the middle of an answer.
            _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
        });
    }
}
