// lab_peer.cjs - one side of modp2048-elgamal-aes256cfb through the gateway, as a student might write it: socket.io-client for the way,
// Node's BigInt and crypto for the rest, from docs/lab.md and docs/gateway.md alone.
//
//   node lab_peer.cjs MODULES URL ROOM TRANSPORTS [wrong]
//   Lines of standard input are said once both sides are established; its end leaves. What is heard is printed as JSON lines.
//   wrong: our signature is made over something else.
'use strict';
const crypto = require('crypto');
const { io } = require(process.argv[2] + '/socket.io-client');
const [url, room, transports, wrong] = process.argv.slice(3);

// ---- numbers: group 14 of RFC 3526

const P = BigInt('0x' + crypto.getDiffieHellman('modp14').getPrime('hex'));
const Q = (P - 1n) / 2n;

function power(base, exponent, modulus) {
  let result = 1n;
  for (base %= modulus; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return result;
}

function inverse(a, modulus) { // extended Euclid
  let [r, next, s, t] = [modulus, ((a % modulus) + modulus) % modulus, 0n, 1n];
  while (next > 0n) {
    const quotient = r / next;
    [r, next] = [next, r - quotient * next];
    [s, t] = [t, s - quotient * t];
  }
  return ((s % modulus) + modulus) % modulus;
}

const number = (bytes) => BigInt('0x' + bytes.toString('hex'));
const bytes256 = (n) => Buffer.from(n.toString(16).padStart(512, '0'), 'hex');
const random = (size) => number(crypto.randomBytes(size));
const scalar = () => (random(272) % (Q - 1n)) + 1n;

// ---- bytes

const sha256 = (...parts) => crypto.createHash('sha256').update(Buffer.concat(parts)).digest();

function opaque(data) {
  if (data.length < 64) return Buffer.concat([Buffer.from([data.length]), data]);
  const head = Buffer.alloc(data.length < 16384 ? 2 : 4);
  if (head.length === 2) head.writeUInt16BE(0x4000 | data.length); else head.writeUInt32BE((0x80000000 | data.length) >>> 0);
  return Buffer.concat([head, data]);
}

class Reader {
  constructor(data) { this.data = data; this.at = 0; }
  bytes(n) {
    need(this.at + n <= this.data.length, 'truncated');
    this.at += n;
    return this.data.subarray(this.at - n, this.at);
  }
  opaque() {
    const first = this.bytes(1)[0];
    const more = [0, 1, 3, 0][first >> 6];
    return this.bytes([first & 0x3f, ...this.bytes(more)].reduce((n, byte) => n * 256 + byte, 0));
  }
  end() { need(this.at === this.data.length, 'trailing bytes'); }
}

function need(condition, what) {
  if (!condition) throw new Error('refused: ' + what);
}

// ---- ElGamal's signatures, in the subgroup of order q

const x = scalar();
const y = power(2n, x, P);

function sign(message) {
  const k = scalar();
  const r = power(2n, k, P);
  const h = number(sha256(wrong ? Buffer.from('something else') : message));
  const s = (((h - x * r) % Q + Q) * inverse(k, Q)) % Q;
  return Buffer.concat([bytes256(r), bytes256(s)]);
}

function verify(key, message, signature) {
  const r = number(signature.subarray(0, 256)), s = number(signature.subarray(256));
  need(signature.length === 512 && s > 0n && s < Q && power(r, Q, P) === 1n, 'signature in the group');
  need(power(2n, number(sha256(message)), P) === (power(key, r, P) * power(r, s, P)) % P, 'signature');
}

// ---- one run

const DIALER = 0, LISTENER = 1, TEXT = 0, END = 1;
const SUITE = 'modp2048-elgamal-aes256cfb';
const secret = random(32);
let role, hellos = [], theirKey, transcript, key, established = false, left = false, theyLeft = false;
const waiting = [];

function cfb(make, iv, data) {
  const cipher = make('aes-256-cfb', key, iv);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

function seal(kind, plain) {
  const iv = crypto.randomBytes(16);
  return Buffer.concat([Buffer.from([kind]), iv, opaque(cfb(crypto.createCipheriv, iv, plain))]);
}

function unseal(r) {
  const iv = r.bytes(16), sealed = r.opaque();
  r.end();
  return cfb(crypto.createDecipheriv, iv, sealed);
}

const signedHello = (who) => Buffer.concat([opaque(Buffer.from('sotto lab hello')), Buffer.from([who]), transcript]);
const signedMessage = (who, what, text) => Buffer.concat([opaque(Buffer.from('sotto lab message')), Buffer.from([who]), transcript,
  Buffer.from([what]), opaque(sha256(text))]);

function makeHello() {
  const identity = Buffer.concat([Buffer.from([1]), bytes256(y)]);
  return Buffer.concat([Buffer.from([1]), opaque(Buffer.from(SUITE)), Buffer.from([0]), crypto.randomBytes(32),
    opaque(bytes256(power(2n, secret, P))), opaque(identity)]);
}

function readHello(message) {
  const r = new Reader(message);
  need(r.bytes(1)[0] === 1 && r.opaque().toString() === SUITE && r.bytes(1)[0] === 0, 'hello');
  r.bytes(32);
  const offer = number(r.opaque()), identity = r.opaque();
  r.end();
  need(offer > 1n && offer < P - 1n && power(offer, Q, P) === 1n, 'a member of the group');
  need(identity.length === 257 && identity[0] === 1, 'identity');
  theirKey = number(identity.subarray(1));
  return offer;
}

function keysFrom(offer) {
  transcript = sha256(hellos[DIALER], hellos[LISTENER]);
  key = sha256(Buffer.from('sotto lab key'), bytes256(power(offer, secret, P)), transcript);
}

const say = (what, text) => send('message', seal(3, Buffer.concat([Buffer.from([what]), opaque(text),
  sign(signedMessage(role, what, text))])));

function speak() {
  while (established && !left && waiting.length > 0) {
    const line = waiting.shift();
    left = line === null;
    say(left ? END : TEXT, Buffer.from(left ? '' : line));
  }
  if (left && theyLeft) finish('left', 0);
}

// ---- the way

const socket = io(url, { transports: transports.split(','), query: { room }, reconnection: false });
const send = (event, message) => socket.emit(event, message.toString('hex'));

function tell(what, text) {
  process.stdout.write(JSON.stringify({ what, text }) + '\n');
}

function finish(what, status) {
  tell(what, socket.io.engine.transport.name);
  process.exitCode = status;
  socket.disconnect();
  process.stdin.destroy();
}

function guarded(act) {
  return (data) => {
    try {
      act(data === undefined || typeof data === 'object' ? data : Buffer.from(data, 'hex'));
    } catch (error) {
      tell('refused', error.message);
      finish('ended', 1);
    }
  };
}

socket.on('KEY_EXCHANGE', guarded((said) => {
  role = said.role === 'dialer' ? DIALER : LISTENER;
  hellos[role] = makeHello();
  if (role === DIALER) send('ELGAMAL_PK', hellos[role]);
}));
socket.on('ELGAMAL_PK', guarded((message) => { // hello
  const offer = readHello(message);
  hellos[1 - role] = message;
  if (role === LISTENER) send('ELGAMAL_PK', hellos[role]);
  keysFrom(offer);
  if (role === DIALER) send('DEFF_HELLMAN_PK', seal(2, sign(signedHello(role))));
}));
socket.on('DEFF_HELLMAN_PK', guarded((message) => { // established
  const r = new Reader(message);
  need(r.bytes(1)[0] === 2, 'established');
  verify(theirKey, signedHello(1 - role), unseal(r));
  if (role === LISTENER) send('DEFF_HELLMAN_PK', seal(2, sign(signedHello(role))));
  established = true;
  tell('established', role === DIALER ? 'dialer' : 'listener');
  speak();
}));
socket.on('message', guarded((message) => {
  const r = new Reader(message);
  need(r.bytes(1)[0] === 3, 'message');
  const plain = new Reader(unseal(r));
  const what = plain.bytes(1)[0], text = plain.opaque(), signature = plain.bytes(512);
  plain.end();
  verify(theirKey, signedMessage(1 - role, what, text), signature);
  if (what === TEXT) {
    tell('heard', text.toString());
    return;
  }
  theyLeft = true;
  waiting.push(null);
  speak();
}));
socket.on('REFUSED', (said) => tell('refused', said.message));
socket.on('PEER_DISCONNECTED', () => { if (!(left && theyLeft)) finish('alone', 1); });
socket.on('connect', () => tell('connected', room));
socket.on('connect_error', (error) => { tell('refused', error.message); finish('ended', 1); });

const lines = require('readline').createInterface({ input: process.stdin });
lines.on('line', (line) => { waiting.push(line); speak(); });
lines.on('close', () => { waiting.push(null); speak(); });
