//! Where videos are shown to people: pages of an application, which this platform knows by templates alone.

use content_domain::PageOrigin;
use mcsp_function::{Context, MissingVariable};
use mcsp_ids::{UserId, VideoId};

/// What stands for the video's id in a template.
const ID: &str = "{video_id}";

/// The platform as people and feeds know it.
#[derive(Debug)]
pub(crate) struct Site {
    /// Its name.
    pub(crate) name: String,
    /// Where its API is.
    api: String,
    /// Where people see a video, where there is such a page.
    pub(crate) watch: Option<Template>,
    /// The page that others show in a frame, where there is one.
    pub(crate) embed: Option<Template>,
}

/// The URLs of one kind of page: one for each video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    before: String,
    after: String,
}

impl Site {
    pub(crate) fn of(context: &Context) -> Result<Self, MissingVariable> {
        let template = |name: &'static str| match context.variable(name)? {
            "" => Ok(None),
            text => Template::parse(text).map(Some).ok_or(MissingVariable(name)),
        };
        Ok(Site {
            name: context.variable("app_name")?.to_owned(),
            api: context.variable("issuer")?.trim_end_matches('/').to_owned(),
            watch: template("watch_url_template")?,
            embed: template("embed_url_template")?,
        })
    }

    /// Where people find it.
    pub(crate) fn url(&self) -> String {
        let origin = self.watch.as_ref().and_then(|watch| PageOrigin::of_url(&watch.before).ok());
        origin.map_or_else(|| format!("{}/", self.api), |origin| format!("{origin}/"))
    }

    /// Where the feed of a creator is.
    pub(crate) fn feed(&self, creator: UserId) -> String {
        format!("{}/v1/creators/{creator}/feed", self.api)
    }

    /// Where captions are.
    pub(crate) fn captions(&self, video: VideoId, language: &str) -> String {
        format!("{}/v1/videos/{video}/captions/{language}", self.api)
    }
}

#[cfg(test)]
impl Site {
    /// Somewhere.
    pub(crate) fn at(api: &str, watch: Option<Template>, embed: Option<Template>) -> Self {
        Site { name: "MCSP".to_owned(), api: api.to_owned(), watch, embed }
    }
}

impl Template {
    /// Takes a URL in which the id stands once, behind a host.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (before, after) = text.split_once(ID)?;
        let is_url = PageOrigin::of_url(before).is_ok() && before.splitn(4, '/').count() == 4;
        let is_plain = text.bytes().all(|b| b.is_ascii_graphic()) && !after.contains(ID);
        (is_url && is_plain).then(|| Template { before: before.to_owned(), after: after.to_owned() })
    }

    /// The page of a video.
    pub(crate) fn url(&self, video: VideoId) -> String {
        format!("{}{video}{}", self.before, self.after)
    }

    /// Whose page it is. What stands behind the URL as a query or a fragment says nothing of that.
    pub(crate) fn video_of(&self, url: &str) -> Option<VideoId> {
        let rest = url.strip_prefix(self.before.as_str())?;
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (id, behind) = rest.split_at_checked(end)?;
        let behind = behind.strip_prefix(self.after.as_str())?;
        if behind.is_empty() || behind.starts_with(['?', '&', '#']) { id.parse().ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIDEO: &str = "video_01kb5t4v00e8ptxz3kd07gq2sn";

    #[test]
    fn a_page_leads_to_its_video_and_back() {
        let video: VideoId = VIDEO.parse().unwrap();
        for (template, url, others) in [
            ("https://tv.example/watch/{video_id}", "https://tv.example/watch/ID", ["?t=7", "#a"]),
            ("https://tv.example/watch?v={video_id}", "https://tv.example/watch?v=ID", ["&t=7", "#a"]),
            ("http://127.0.0.1:8080/{video_id}/show", "http://127.0.0.1:8080/ID/show", ["?t=7", "#a"]),
        ] {
            let (template, url) = (Template::parse(template).unwrap(), url.replace("ID", VIDEO));
            assert_eq!(template.url(video), url);
            for behind in ["", others[0], others[1]] {
                assert_eq!(template.video_of(&format!("{url}{behind}")), Some(video), "{url}{behind}");
            }
            for other in [
                format!("{url}/more"),
                format!("{url}x"),
                url.replace("http", "https").replace("httpss", "http"),
                url.replace("video_", "user_"),
                url.replace(VIDEO, ""),
                String::new(),
            ] {
                assert_eq!(template.video_of(&other), None, "{other}");
            }
        }
    }

    #[test]
    fn a_template_is_a_url_with_one_id_in_its_path_or_query() {
        for bad in [
            "/watch/{video_id}",
            "https://tv.example/watch",
            "https://{video_id}.example/",
            "https://tv.example{video_id}",
            "https://tv.example/{video_id}/{video_id}",
            "https://tv.example/ {video_id}",
            "ftp://tv.example/{video_id}",
        ] {
            assert_eq!(Template::parse(bad), None, "{bad}");
        }
    }
}
