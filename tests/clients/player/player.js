// An application's player: it starts a session, plays what that gives, tells where it is, and takes new URLs as they come.
"use strict";

const HEARTBEAT_MS = 1000;
// Little is fetched ahead, so that most of the video is fetched with a URL that was given later.
const AHEAD_S = 4;

const video = document.querySelector("video");
// What happened, for whoever drives the browser.
const seen = { started: false, ended: false, waits: 0, failure: null, session: null, urls: 1, licences: 0 };
let manifests, renewalPath;

async function api(method, path, body) {
  const answer = await fetch(given.api + path, {
    method, body: JSON.stringify(body),
    headers: { authorization: `Bearer ${given.token}`, "content-type": "application/json" },
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path.split("?")[0]}: ${answer.status} ${told.code}`);
  return told;
}

// A URL of the CDN with the token of the newest manifest URL: whatever is beneath the manifest is opened by it.
function resigned(url) {
  const token = /\/p\/[^/]+\//;
  return url.replace(token, manifests.hls.match(token)[0]);
}

async function beat() {
  const position_ms = Math.round(video.currentTime * 1000);
  const told = await api("PUT", renewalPath, { position_ms, state: video.paused ? "paused" : "playing" });
  if (told.manifests && given.renews) {
    ({ manifests, renewal_path: renewalPath } = told);
    seen.urls += 1;
  }
}

const players = {
  hls() {
    const hls = new Hls({
      maxBufferLength: AHEAD_S, maxMaxBufferLength: AHEAD_S,
      xhrSetup: (request, url) => request.open("GET", resigned(url), true),
    });
    hls.on(Hls.Events.ERROR, (_, error) => { if (error.fatal) fail(`${error.details} ${error.response?.code}`); });
    hls.loadSource(manifests.hls);
    hls.attachMedia(video);
  },

  // All that it asks for it asks for by itself.
  hls_steered() {
    const hls = new Hls({ maxBufferLength: AHEAD_S, maxMaxBufferLength: AHEAD_S });
    hls.on(Hls.Events.ERROR, (_, error) => { if (error.fatal) fail(`${error.details} ${error.response?.code}`); });
    hls.loadSource(manifests.hls_steered);
    hls.attachMedia(video);
  },

  async dash() {
    shaka.polyfill.installAll();
    const player = new shaka.Player();
    await player.attach(video);
    player.configure({ streaming: { bufferingGoal: AHEAD_S, rebufferingGoal: 1 } });
    if (seen.session.licences && given.licensed) {
      player.configure({ drm: { servers: { "org.w3.clearkey": given.api + seen.session.licences.clearkey } } });
    }
    player.getNetworkingEngine().registerRequestFilter((type, request) => {
      if (type === shaka.net.NetworkingEngine.RequestType.LICENSE) {
        request.headers.authorization = `Bearer ${given.token}`;
        seen.licences += 1;
      } else {
        request.uris = request.uris.map(resigned);
      }
    });
    player.addEventListener("error", (event) => fail(`${event.detail.code} ${event.detail.data?.[1]}`));
    await player.load(manifests.dash);
  },
};

function fail(why) {
  seen.failure ??= String(why);
}

async function start() {
  seen.session = await api("POST", "/v1/playback/sessions", { video_id: given.video_id, device: { id: "browser" } });
  ({ manifests, renewal_path: renewalPath } = seen.session);
  video.addEventListener("playing", () => { seen.started = true; });
  video.addEventListener("waiting", () => { seen.waits += seen.started ? 1 : 0; });
  video.addEventListener("ended", () => { seen.ended = true; });
  await players[given.player]();
  await video.play();
  const beats = setInterval(() => { seen.ended ? clearInterval(beats) : beat().catch(fail); }, HEARTBEAT_MS);
}

// Says all that can be seen from outside of it.
function look() {
  const fetched = performance.getEntriesByType("resource").map((entry) => entry.name);
  const ofCdns = fetched.filter((url) => url.includes("/p/")).map((url) => new URL(url).origin);
  return {
    ...seen, position_s: video.currentTime, duration_s: video.duration, width: video.videoWidth,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    tokens: [...new Set(fetched.map((url) => url.match(/\/p\/([^/]+)\//)?.[1]).filter(Boolean))],
    cdns: [...new Set(ofCdns)],
    segments: new Set(fetched.map((url) => url.match(/[^/]+\.m4s/)?.[0]).filter(Boolean)).size,
  };
}

let given;
function play(told) {
  given = told;
  start().catch(fail);
}
