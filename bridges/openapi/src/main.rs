//! The program `mcsp-openapi`: writes the OpenAPI document to standard output.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let document = match mcsp_openapi::document() {
        Ok(document) => document,
        Err(incomplete) => {
            eprintln!("mcsp-openapi: {incomplete}");
            return ExitCode::FAILURE;
        }
    };
    match writeln!(std::io::stdout(), "{document:#}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mcsp-openapi: {error}");
            ExitCode::FAILURE
        }
    }
}
