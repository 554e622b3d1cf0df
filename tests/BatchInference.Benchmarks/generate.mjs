// Tokens per second of @huggingface/transformers, greedy: node generate.mjs <folder with node_modules and models> <threads> <job.json>
// The job: [{ model, kind, batch, tokens, turns, warmUp, rows }]; prints one line of JSON for each: seconds of each turn, processor seconds of all but the first, the tokens of the first row.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , folder, threads, jobFile] = process.argv;
const require = createRequire(join(folder, 'package.json'));
const { env, AutoModelForCausalLM, AutoModelForSeq2SeqLM, Tensor } = await import(pathToFileURL(require.resolve('@huggingface/transformers')).href);
env.allowRemoteModels = false;
env.localModelPath = join(folder, 'models') + '/';

for (const { model: name, kind, batch, tokens, turns, warmUp, rows } of JSON.parse(readFileSync(jobFile, 'utf8'))) {
  const model = await (kind === 'decoder' ? AutoModelForCausalLM : AutoModelForSeq2SeqLM)
    .from_pretrained(name, { dtype: 'fp32', session_options: { intraOpNumThreads: Number(threads) } });
  const ids = rows.flat().map(BigInt);
  const shape = [batch, rows[0].length];
  const seconds = [];
  let first, before;
  for (let turn = 0; turn < turns; turn++) {
    if (turn === warmUp) before = process.cpuUsage();
    const began = performance.now();
    const made = await model.generate({
      input_ids: new Tensor('int64', BigInt64Array.from(ids), shape),
      attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), shape),
      max_new_tokens: tokens, min_new_tokens: tokens, do_sample: false, num_beams: 1, repetition_penalty: 1, no_repeat_ngram_size: 0, forced_bos_token_id: null, forced_eos_token_id: null, min_length: 0,
    });
    seconds.push((performance.now() - began) / 1000);
    first = made.tolist()[0].slice(-tokens).map(Number);
  }
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ seconds, busy: (user + system) / 1e6, first }));
  await model.dispose();
}
