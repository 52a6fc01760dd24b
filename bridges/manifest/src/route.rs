//! Which component serves a path, as Spin decides it: segment by segment from the left an exact name beats
//! `:name`, and that beats the trailing wildcard `/...`. Trailing slashes do not count.

use crate::ManifestError;
use routefinder::{RouteSpec, Segment};
use std::collections::{BTreeMap, HashMap};

/// Finds what belongs to a path.
#[derive(Debug)]
pub struct Router<T> {
    /// Routes without parameters win over all others, so one look-up settles the most frequent paths.
    exact: HashMap<String, T>,
    patterns: routefinder::Router<T>,
}

impl<T: Clone> Router<T> {
    /// Takes routes as they are written in a manifest. The last of two that match the same paths wins;
    /// [`crate::Manifest`] refuses such pairs.
    pub fn new<'a>(routes: impl IntoIterator<Item = (&'a str, T)>) -> Result<Self, ManifestError> {
        let mut router = Router { exact: HashMap::new(), patterns: routefinder::Router::new() };
        for (route, target) in routes {
            let spec = parse(route)?;
            if spec.segments().iter().all(|s| matches!(s, Segment::Exact(_) | Segment::Slash)) {
                router.exact.insert(spec.to_string(), target.clone());
            }
            let Ok(()) = router.patterns.add(spec, target);
        }
        Ok(router)
    }

    /// What belongs to a path, which begins with `/` and has no query.
    pub fn find(&self, path: &str) -> Option<&T> {
        if let Some(target) = self.exact.get(path) {
            return Some(target);
        }
        self.patterns.best_match(path).map(|found| found.handler())
    }
}

/// Whether a path, or a route, is one of gRPC: a service with its package, and a method of it (`/content.v1.Catalog/Get`).
pub fn is_grpc(path: &str) -> bool {
    let parts = path.strip_prefix('/').and_then(|path| path.split_once('/'));
    parts.is_some_and(|(service, _)| service.contains('.') && !service.starts_with('.'))
}

pub(crate) fn parse(route: &str) -> Result<RouteSpec, ManifestError> {
    if !route.starts_with('/') {
        return Err(ManifestError::route(route, "a route begins with `/`"));
    }
    let pattern = match route.strip_suffix("/...") {
        Some(prefix) => format!("{prefix}/*"),
        None => route.to_owned(),
    };
    let spec: RouteSpec = pattern.parse().map_err(|problem: String| ManifestError::route(route, problem))?;
    // `routefinder` panics on these while it matches.
    let mut segments = spec.segments().iter().peekable();
    while let Some(segment) = segments.next() {
        match (segment, segments.peek()) {
            (Segment::Wildcard, Some(_)) => {
                return Err(ManifestError::route(route, "a wildcard can only stand at the end"));
            }
            (Segment::Param(_), Some(Segment::Dot)) => {
                return Err(ManifestError::route(route, "a parameter takes its whole segment"));
            }
            _ => {}
        }
    }
    Ok(spec)
}

/// What two routes have in common when they match the same paths.
fn shape(spec: &RouteSpec) -> String {
    spec.segments()
        .iter()
        .map(|segment| match segment {
            Segment::Slash => "/",
            Segment::Dot => ".",
            Segment::Exact(name) => name,
            Segment::Param(_) => ":",
            Segment::Wildcard => "*",
        })
        .collect()
}

/// Refuses two routes that match the same paths.
pub(crate) fn refuse_duplicates<'a>(
    routes: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<(), ManifestError> {
    let mut seen: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    for (route, component) in routes {
        if let Some((first, first_component)) = seen.insert(shape(&parse(route)?), (route, component)) {
            return Err(ManifestError::DuplicateRoute {
                first: first.to_owned(),
                first_component: first_component.to_owned(),
                second: route.to_owned(),
                second_component: component.to_owned(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router() -> Router<&'static str> {
        Router::new(
            [
                "/",
                "/v1/videos",
                "/v1/videos/:id",
                "/v1/videos/:id/publish",
                "/v1/videos/search",
                "/v1/...",
                "/static/...",
            ]
            .map(|route| (route, route)),
        )
        .unwrap()
    }

    #[test]
    fn an_exact_segment_beats_a_parameter_and_that_beats_the_wildcard() {
        for (path, route) in [
            ("/", "/"),
            ("/v1/videos", "/v1/videos"),
            ("/v1/videos/", "/v1/videos"),
            ("/v1/videos/search", "/v1/videos/search"),
            ("/v1/videos/video_1", "/v1/videos/:id"),
            ("/v1/videos/video_1/publish", "/v1/videos/:id/publish"),
            ("/v1/videos/search/publish", "/v1/videos/:id/publish"),
            ("/v1/videos/video_1/other", "/v1/..."),
            ("/v1", "/v1/..."),
            ("/static", "/static/..."),
            ("/static/a/b", "/static/..."),
        ] {
            assert_eq!(router().find(path), Some(&route), "{path}");
        }
    }

    #[test]
    fn a_path_of_grpc_begins_with_a_service_and_its_package() {
        for path in ["/content.v1.Catalog/Get", "/content.v1.Catalog/..."] {
            assert!(is_grpc(path), "{path}");
        }
        for path in ["/v1/videos/:id", "/.well-known/jwks.json", "/v1/a.b/c", "/content.v1.Catalog", "/"] {
            assert!(!is_grpc(path), "{path}");
        }
    }

    #[test]
    fn a_path_of_no_route_is_not_found() {
        for path in ["/v2", "/v", "/videos"] {
            assert_eq!(router().find(path), None, "{path}");
        }
    }

    #[test]
    fn a_route_that_the_matcher_cannot_take_is_refused() {
        for route in ["v1", "/a/*/b", "/a/:", "/a/*b", "/a/:id.json"] {
            assert!(Router::new([(route, ())]).is_err(), "{route}");
        }
    }

    #[test]
    fn routes_that_differ_only_in_a_parameters_name_are_duplicates() {
        let error = refuse_duplicates([("/v1/:a/x", "one"), ("/v1/:b/x/", "two")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "routes `/v1/:a/x` (component `one`) and `/v1/:b/x/` (component `two`) match the same paths"
        );
        assert!(refuse_duplicates([("/v1/:a/x", "one"), ("/v1/:a/y", "two"), ("/v1/...", "two")]).is_ok());
    }
}
