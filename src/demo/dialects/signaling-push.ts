import type { HttpSink, SignalingSimulator, Upload } from 'connector-simulator';
import { randomBytes } from 'node:crypto';
import { describeAnswer } from '../describe-event.ts';
import { loadConnectorSimulator } from '../load-packages.ts';
import { untilDelivered, untilRecorded, whenPushed } from '../milestones.ts';
import type { Step } from '../step-printer.ts';
import type { DemoConnector, DemoTransfer } from './dialect-demo.ts';
import { dataFlowName, metadata, startControlPlane, untilState } from './signaling.ts';

/** Its sink drops the connection after so many bytes of the first upload. */
const droppedAfter = 4096;

/** The service sends the data to the consumer's sink, which loses the first connection, and completes the transfer. */
export async function signalingPushDemo(report: (step: Step) => void): Promise<DemoConnector> {
  const { startHttpSink } = await loadConnectorSimulator();
  const sink = await startHttpSink({
    token: randomBytes(24).toString('hex'),
    keep: true,
    onUpload(upload) {
      report({ actor: 'consumer', text: describeUpload(upload) });
    },
  });
  sink.misbehave({ kind: 'drop', afterBytes: droppedAfter }, 1);
  try {
    const connector = await startControlPlane(transferOf(sink), report);
    return {
      ...connector,
      async stop() {
        await connector.stop();
        await sink.stop();
      },
    };
  } catch (error) {
    await sink.stop();
    throw error;
  }
}

function describeUpload({ method, path, bytes, complete, status }: Upload): string {
  const received = `its sink gets ${method} ${path}, ${bytes.toLocaleString('en')} bytes`;
  return `${received}: ${complete ? describeAnswer({ status }) : 'it drops the connection'}`;
}

function transferOf(sink: HttpSink) {
  return (simulator: SignalingSimulator, assetId: string, signal: AbortSignal): DemoTransfer => {
    const dataAddress = sink.address();
    const transfer = simulator.startTransfer({ assetId, mode: 'push', dataAddress, metadata });
    const { id } = transfer;
    return {
      flow: dataFlowName(transfer),
      started: untilState(simulator, { id, state: 'STARTED' }, signal),
      untilStarted: untilDelivered('the start of the transfer'),
      async receive() {
        await untilState(simulator, { id, state: 'COMPLETED' }, signal);
        const content = sink.uploads.find(({ complete }) => complete)?.content;
        if (content === undefined) throw new Error('the sink has not received the whole data');
        return content;
      },
      end: () => Promise.resolve(),
      untilEnded: [whenPushed, ...untilRecorded],
    };
  };
}
