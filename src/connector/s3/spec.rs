//! What an S3 connection is told, as data.

use crate::connector::{ConnectorSpec, Parameter, Reads, Takes};

/// S3 and what speaks as it does.
pub static SPEC: ConnectorSpec = ConnectorSpec {
    name: "s3",
    version: env!("CARGO_PKG_VERSION"),
    about: "objects of Amazon S3 or a store that speaks as it does: CSV, Parquet, JSON",
    reads: Reads::Files,
    parameters: &[
        text("bucket", &["s3_bucket"], "the bucket of paths that do not start with s3://"),
        text("prefix", &[], "what keys start with, before a path; none where it is not given"),
        text(
            "region",
            &["s3_region", "region_name", "aws_region"],
            "the bucket's region; as AWS tools find it, else us-east-1",
        ),
        Parameter {
            takes: Takes::Address,
            ..text(
                "endpoint",
                &["s3_endpoint", "endpoint_url"],
                "the address of a store that is not Amazon's: https://host:port",
            )
        },
        Parameter {
            takes: Takes::Bool,
            ..text(
                "force_path_style",
                &["path_style", "s3_path_style"],
                "true puts the bucket into the path, not the host; true where `endpoint` is given",
            )
        },
        Parameter {
            takes: Takes::OneOf(&["path", "vhost"]),
            ..text("url_style", &["s3_url_style"], "DuckDB's words for `force_path_style`")
        },
        Parameter {
            takes: Takes::Bool,
            ..text(
                "use_ssl",
                &["s3_use_ssl"],
                "false takes http for an `endpoint` without scheme; true where it is not given",
            )
        },
        text(
            "profile",
            &["aws_profile", "profile_name"],
            "a profile of ~/.aws; where neither it nor keys are given, as AWS tools find them",
        ),
        text(
            "access_key_id",
            &["s3_access_key_id", "aws_access_key_id", "key_id"],
            "the public half of a key; as AWS tools find it where it is not given",
        ),
        Parameter {
            secret: true,
            ..text(
                "secret_access_key",
                &["s3_secret_access_key", "aws_secret_access_key", "secret"],
                "the secret half of a key",
            )
        },
        Parameter {
            secret: true,
            ..text(
                "session_token",
                &["s3_session_token", "aws_session_token"],
                "what goes with keys that last for a while",
            )
        },
        Parameter {
            takes: Takes::Bool,
            ..text("anonymous", &[], "true reads public buckets without credentials")
        },
        Parameter {
            takes: Takes::Number(1, 256),
            ..text("max_connections", &["threads"], "requests in flight; 16 where it is not given")
        },
    ],
    batch_rows: 122_880,
    max_connections: 16,
};

const fn text(
    name: &'static str,
    aliases: &'static [&'static str],
    about: &'static str,
) -> Parameter {
    Parameter { name, aliases, takes: Takes::Text, required: false, secret: false, about }
}
