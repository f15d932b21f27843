// driver.cjs - socket.io-client as it is, moved by lines of JSON: commands come in, whatever happens goes out.
//
//   node driver.cjs MODULES URL
//   {"who":"a","do":"connect","options":{...},"space":"/x"}   {"who":"a","do":"emit","args":[...]}   ... "ask":true for an acknowledgement
//   {"who":"a","do":"binary"}   {"who":"a","do":"disconnect"}
const { io } = require(process.argv[2] + '/socket.io-client');
const url = process.argv[3];
const sockets = {};

function tell(who, event, args) {
  process.stdout.write(JSON.stringify({ who, event, args }) + '\n');
}

function connect(who, options, space) {
  const socket = io(url + (space || ''), { forceNew: true, reconnection: false, ...options });
  sockets[who] = socket;
  socket.onAny((event, ...args) => tell(who, event, args));
  socket.on('connect', () => tell(who, 'connect', [socket.id, socket.io.engine.transport.name]));
  socket.on('connect_error', (error) => tell(who, 'connect_error', [error.message]));
  socket.on('disconnect', (reason, more) => tell(who, 'disconnect', [reason, more && more.context && more.context.reason]));
  const watch = () => socket.io.engine.on('upgrade', (transport) => tell(who, 'upgrade', [transport.name]));
  socket.io.on('open', watch); // each time it comes back, too
}

const commands = {
  connect: (c) => connect(c.who, c.options, c.space),
  emit: (c) => sockets[c.who].emit(...c.args, ...(c.ask ? [(...args) => tell(c.who, 'ack', args)] : [])),
  binary: (c) => sockets[c.who].emit('picture', Buffer.from([1, 2, 3])),
  disconnect: (c) => sockets[c.who].disconnect(),
};

require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const command = JSON.parse(line);
  commands[command.do](command);
}).on('close', () => process.exit(0));
