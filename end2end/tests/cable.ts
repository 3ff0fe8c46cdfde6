// The network between the server and PostgreSQL, which a test can cut and mend, and a new database at its other end.

import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

export class Cable {
  private readonly open = new Set<Socket>();
  private listener?: Server;
  private port = 0;

  private constructor(
    private readonly there: URL,
    private readonly database: string,
  ) {}

  /** A cable to a new database of the server whose address is given. */
  static async toNewDatabase(server: string): Promise<Cable> {
    const there = new URL(server);
    const database = `ms5_browser_${process.pid}_${Date.now()}`;
    await say(there, `CREATE DATABASE ${database}`);
    const cable = new Cable(there, database);
    await cable.mend();
    return cable;
  }

  /** The database, by way of this cable. */
  get url(): string {
    return `postgres://${this.there.username}@127.0.0.1:${this.port}/${this.database}`;
  }

  /** Ends every connection and refuses new ones. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.listener?.close(resolve));
    for (const socket of this.open) socket.destroy();
    await closed;
  }

  /** Leads through again, on the same port. */
  async mend(): Promise<void> {
    const listener = createServer((near) => {
      const far = connect(Number(this.there.port), this.there.hostname);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.open.add(from);
        from.pipe(to);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.open.delete(from);
          to.destroy();
        });
      }
    });
    this.listener = listener;
    await new Promise<void>((resolve, reject) => {
      listener.on('error', reject);
      listener.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (listener.address() as AddressInfo).port;
  }

  async remove(): Promise<void> {
    await this.cut();
    await say(this.there, `DROP DATABASE ${this.database} WITH (FORCE)`);
  }
}

/** One statement, in the wire protocol of PostgreSQL, to a server that trusts its user. */
async function say(server: URL, statement: string): Promise<void> {
  const text = (words: string[]) => Buffer.from(words.map((word) => `${word}\0`).join(''));
  const framed = (kind: string, body: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4);
    return Buffer.concat([Buffer.from(kind), length, body]);
  };
  const version = Buffer.from([0, 3, 0, 0]);
  const who = text(['user', server.username, 'database', server.pathname.slice(1), '']);
  const socket = connect(Number(server.port), server.hostname);
  socket.write(framed('', Buffer.concat([version, who])));
  let ready = 0;
  let waiting = Buffer.alloc(0);
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('data', (piece: Buffer) => {
      waiting = Buffer.concat([waiting, piece]);
      while (waiting.length >= 5 && waiting.length > waiting.readInt32BE(1)) {
        const kind = String.fromCharCode(waiting[0] ?? 0);
        const body = waiting.subarray(5, waiting.readInt32BE(1) + 1);
        waiting = waiting.subarray(waiting.readInt32BE(1) + 1);
        if (kind === 'E') reject(new Error(`${statement}: ${body.toString()}`));
        // Ready for the statement, then done with it.
        if (kind === 'Z') {
          ready += 1;
          if (ready === 1) socket.write(framed('Q', text([statement])));
          else resolve();
        }
      }
    });
  });
  socket.end();
}
