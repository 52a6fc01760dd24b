use super::*;

const CUE: &str = "00:01.000 --> 00:02.000\nHello\n";

#[test]
fn what_every_player_reads_is_taken() {
    for good in [
        "WEBVTT\n\n00:01.000 --> 00:02.000",
        "WEBVTT - made by hand\n\n1\n00:00:01.000 --> 00:00:02.500 align:start line:0\n<v Ann>Hi & <i>bye</i>\n- No\n",
        "WEBVTT\nKind: captions\nLanguage: en\n\n\n\nNOTE for you\nof two lines\n\n00:01.000\t-->\t100:00:00.000\n\n",
        "WEBVTT\n\nSTYLE\n::cue { color: red }\n\nREGION \nid:fred\n\nNOTE\n\n00:01.000 --> 00:02.000\n\nNOTE\nbetween\n\n00:01.000 --> 00:02.000\n",
        "WEBVTT\n\nNOTES are names\n00:01.000 --> 00:02.000\n",
    ] {
        assert_eq!(check(good), Ok(()), "{good}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, line, fault) in [
        ("", 1, Fault::NoMagic),
        ("\nWEBVTT\n\n", 1, Fault::NoMagic),
        ("WEBVTTX\n\n", 1, Fault::NoMagic),
        ("webvtt\n\n", 1, Fault::NoMagic),
        ("WEBVTT 00:01.000 --> 00:02.000\n", 1, Fault::NoMagic),
        ("WEBVTT\n\n", 1, Fault::NoCue),
        ("WEBVTT\n\nNOTE nothing\n", 3, Fault::NoCue),
        ("WEBVTT\n00:01.000 --> 00:02.000\n", 2, Fault::StrayArrow),
        ("WEBVTT\n\nNOTE\n00:01.000 --> 00:02.000\n", 4, Fault::StrayArrow),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n00:02.000 --> 00:03.000\n", 5, Fault::StrayArrow),
        ("WEBVTT\n\nname\n", 3, Fault::NoTimes),
        ("WEBVTT\n\nname\nHello\n", 3, Fault::NoTimes),
        ("WEBVTT\n\n00:03.000 --> 00:04.000\n\n00:02.999 --> 00:04.000\n", 5, Fault::OutOfOrder),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n\nSTYLE\n::cue {}\n", 5, Fault::BehindCues),
    ] {
        assert_eq!(check(text), Err((line, fault)), "{text}");
    }
    for (times, fault) in [
        ("00:02.000 --> 00:02.000", Fault::EndsBeforeItBegins),
        ("00:02.000-->00:03.000", Fault::MalformedTimes),
        ("0:01.000 --> 00:02.000", Fault::MalformedTimes),
        ("00:01,000 --> 00:02,000", Fault::MalformedTimes),
        ("00:01.00 --> 00:02.000", Fault::MalformedTimes),
        ("00:60.000 --> 01:02.000", Fault::MalformedTimes),
        ("60:00.000 --> 62:00.000", Fault::MalformedTimes),
        ("1:00:00.000 --> 02:00:00.000", Fault::MalformedTimes),
        ("00:00:00:00.000 --> 00:00:00:01.000", Fault::MalformedTimes),
        ("00:+1.000 --> 00:02.000", Fault::MalformedTimes),
        ("--> 00:02.000", Fault::MalformedTimes),
        ("00:01.000 -->", Fault::MalformedTimes),
        ("00:01.000 --> 00:02.000 --> 00:03.000", Fault::MalformedSettings),
        ("00:01.000 --> 00:02.000 align:middle", Fault::MalformedSettings),
    ] {
        assert_eq!(check(&format!("WEBVTT\n\n{times}\n\n{CUE}")), Err((3, fault)), "{times}");
    }
}

#[test]
fn a_time_that_is_written_is_read_as_the_same() {
    for (ms, text) in [(0, "00:00:00.000"), (61_001, "00:01:01.001"), (360_000_000, "100:00:00.000")] {
        assert_eq!((Time { ms }.to_string().as_str(), read_time(text)), (text, Some(ms)));
    }
}
