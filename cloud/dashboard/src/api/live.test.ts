import { expect, test } from "vitest";

import { gapSeconds, LiveFeed, parse, waitBefore, type LiveMessage, type Socket, type World } from "./live.ts";

/** A world whose sockets, clock and waiting are turned by hand. */
class HandWorld implements World {
  sockets: FakeSocket[] = [];
  waits: { ms: number; then: () => void }[] = [];
  time = 0;
  gaps: number[] = [];
  open(gap: number): Socket {
    this.gaps.push(gap);
    const socket = new FakeSocket();
    this.sockets.push(socket);
    return socket;
  }
  now(): number {
    return this.time;
  }
  random(): number {
    return 0.5;
  }
  later(ms: number, then: () => void): () => void {
    const wait = { ms, then };
    this.waits.push(wait);
    return () => {
      this.waits = this.waits.filter((one) => one !== wait);
    };
  }
  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (!last) throw new Error("no socket was opened");
    return last;
  }
  elapse(): void {
    for (const { then } of this.waits.splice(0)) then();
  }
}

class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  sent: string[] = [];
  closed = false;
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.closed = true;
  }
}

function started(): { world: HandWorld; feed: LiveFeed } {
  const world = new HandWorld();
  const feed = new LiveFeed(world);
  feed.start();
  return { world, feed };
}

test("a new socket is told for how long nothing was heard", () => {
  const { world } = started();
  world.socket.onopen?.();
  world.time = 5000;
  world.socket.onmessage?.({ data: '{"type":"touched","patient":"p1"}' });
  world.time = 65_000;
  world.socket.onclose?.();
  world.elapse();
  expect(world.gaps).toEqual([0, 90]);
  expect(gapSeconds(0, 1e9)).toBe(3600);
});

test("it is live only once the socket is open", () => {
  const { world, feed } = started();
  expect(feed.state.phase).toBe("connecting");
  world.socket.onopen?.();
  expect(feed.state.phase).toBe("live");
});

test("a lost socket is opened again, each time later, until it holds", () => {
  const { world, feed } = started();
  const waits: number[] = [];
  for (let loss = 0; loss < 7; loss += 1) {
    world.socket.onclose?.();
    waits.push(world.waits[0]?.ms ?? 0);
    world.elapse();
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  world.socket.onopen?.();
  world.socket.onclose?.();
  expect(world.waits[0]?.ms).toBe(500);
  expect(feed.state.phase).toBe("lost");
});

test("since when it is lost does not move while it tries", () => {
  const { world, feed } = started();
  world.socket.onopen?.();
  world.time = 5000;
  world.socket.onclose?.();
  world.time = 9000;
  world.elapse();
  world.socket.onclose?.();
  expect(feed.state).toEqual({ phase: "lost", since: 5000 });
});

test("whom to watch is said again after a reconnection", () => {
  const { world, feed } = started();
  feed.watch("p1");
  expect(world.socket.sent).toEqual([]);
  world.socket.onopen?.();
  expect(world.socket.sent).toEqual(['{"watch":"p1"}']);
  world.socket.onclose?.();
  world.elapse();
  world.socket.onopen?.();
  expect(world.socket.sent).toEqual(['{"watch":"p1"}']);
  feed.watch(null);
  expect(world.socket.sent.at(-1)).toBe('{"watch":null}');
});

test("after stop nothing is opened and nothing is waited for", () => {
  const { world, feed } = started();
  world.socket.onclose?.();
  feed.stop();
  expect(world.waits).toEqual([]);
  expect(world.sockets).toHaveLength(1);
});

test("hurrying does not wait, and leaves a live socket alone", () => {
  const { world, feed } = started();
  world.socket.onclose?.();
  feed.hurry();
  expect(world.sockets).toHaveLength(2);
  expect(world.waits).toEqual([]);
  world.socket.onopen?.();
  feed.hurry();
  expect(world.sockets).toHaveLength(2);
});

test("messages reach the listeners, noise does not", () => {
  const { world, feed } = started();
  const heard: LiveMessage[] = [];
  feed.onMessage((message) => heard.push(message));
  world.socket.onmessage?.({ data: '{"type":"touched","patient":"p1"}' });
  world.socket.onmessage?.({ data: "{" });
  expect(heard).toEqual([{ type: "touched", patient: "p1" }]);
});

test.each(["", "7", "null", "[]", '{"type":"weather"}', '{"kind":"reading"}', undefined, new ArrayBuffer(4)])("%j is no message", (text) => {
  expect(parse(text)).toBeNull();
});

test("the dice spread the wait by a fifth", () => {
  expect(waitBefore(0, 0)).toBe(400);
  expect(waitBefore(0, 1)).toBe(600);
  expect(waitBefore(1000, 0.5)).toBe(15_000);
});
