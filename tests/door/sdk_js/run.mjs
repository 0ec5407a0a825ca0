// SPDX-License-Identifier: MIT
// run.mjs SERVER -- Meilisearch's own JavaScript client, unmodified, against lode-server.
// Exit status 77: the client is not installed (npm package meilisearch, found through NODE_PATH).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

let sdk;
try {
    const found = createRequire(join(process.env.NODE_PATH || '.', 'x.js')).resolve('meilisearch');
    sdk = await import(pathToFileURL(found));
} catch (error) {
    console.log(`SKIPPED: the npm package meilisearch is not installed (${error.code})`);
    process.exit(77);
}
const Client = sdk.Meilisearch ?? sdk.MeiliSearch ?? sdk.default;

const dir = mkdtempSync(join(tmpdir(), 'lode-sdk-'));
const server = spawn(process.argv[2], ['--http-addr', '127.0.0.1:0', '--db-path', join(dir, 'db'), '--dumps-dir', join(dir, 'dumps')],
    { stdio: ['ignore', 'ignore', 'pipe'] });
let log = '';
const address = await new Promise((resolve, reject) => {
    server.stderr.on('data', (piece) => {
        log += piece;
        const m = /msg="listening" addr=(\S+)/.exec(log);
        if (m) resolve(m[1]);
    });
    server.on('exit', () => reject(new Error(`the server ended:\n${log}`)));
});

const client = new Client({ host: `http://${address}`, apiKey: 'masterKey' });
const wait = { timeout: 60000, interval: 10 };
const done = async (promise) => {
    const task = await promise.waitTask(wait);
    assert.equal(task.status, 'succeeded', JSON.stringify(task));
    return task;
};

async function checks() {
    assert.deepEqual(await client.health(), { status: 'available' });
    assert.deepEqual(Object.keys(await client.getVersion()), ['commitSha', 'commitDate', 'pkgVersion']);

    let task = await done(client.createIndex('movies', { primaryKey: 'id' }));
    assert.equal(task.type, 'indexCreation');
    const movies = client.index('movies');
    assert.equal((await movies.getRawInfo()).primaryKey, 'id');
    assert.equal((await client.getIndexes()).total, 1);

    task = await done(movies.addDocuments([{ id: 1, title: 'Carol' }, { id: 2, title: 'Up' }, { id: 3, title: 'Alien' }]));
    assert.deepEqual(task.details, { receivedDocuments: 3, indexedDocuments: 3 });
    await done(movies.updateDocuments([{ id: 1, year: 2015 }]));
    assert.deepEqual(await movies.getDocument(1), { id: 1, title: 'Carol', year: 2015 });
    assert.deepEqual((await movies.getDocuments({ limit: 2, fields: ['id'] })).results, [{ id: 1 }, { id: 2 }]);
    await done(movies.addDocumentsFromString('{"id":4,"title":"Heat"}\n{"id":5,"title":"Ran"}', 'application/x-ndjson'));
    await done(movies.addDocumentsFromString('id:number,title\n6,"Brazil, 1985"', 'text/csv'));
    assert.deepEqual(await movies.getDocument(6), { id: 6, title: 'Brazil, 1985' });

    task = await done(movies.updateSettings({ stopWords: ['the'], typoTolerance: { enabled: false } }));
    assert.deepEqual(task.details, { stopWords: ['the'], typoTolerance: { enabled: false } });
    assert.deepEqual(await movies.getStopWords(), ['the']);
    await done(movies.updateRankingRules(['words', 'year:desc']));
    assert.deepEqual(await movies.getRankingRules(), ['words', 'year:desc']);
    await done(movies.resetSettings());
    assert.equal(Object.keys(await movies.getSettings()).length, 20);

    await done(movies.deleteDocument(1));
    task = await done(movies.deleteDocuments([2, 99]));
    assert.deepEqual(task.details, { providedIds: 2, deletedDocuments: 1, originalFilter: null });
    assert.equal((await movies.getStats()).numberOfDocuments, 4);
    assert.equal((await client.getStats()).indexes.movies.numberOfEmbeddings, 0);

    const listed = await client.tasks.getTasks({ limit: 2, types: ['documentDeletion'] });
    assert.equal(listed.total, 2);
    task = await done(client.tasks.cancelTasks({ statuses: ['enqueued'] }));
    assert.equal(task.details.originalFilter, '?statuses=enqueued');
    task = await done(client.createDump());
    assert.match(task.details.dumpUid, /^\d{8}-\d{9}$/);

    await assert.rejects(client.index('nope').getRawInfo(), (e) => e.cause.code === 'index_not_found' && e.response.status === 404);
    await assert.rejects(client.createIndex('a b'), (e) => e.cause.code === 'invalid_index_uid');
    await done(client.createIndex('other'));
    await done(client.swapIndexes([{ indexes: ['movies', 'other'] }]));
    assert.equal((await client.index('other').getStats()).numberOfDocuments, 4);
    task = await done(client.deleteIndex('other'));
    assert.deepEqual(task.details, { deletedDocuments: 4 });
}

async function searches() {
    const films = client.index('films');
    await done(films.addDocuments([{ id: 1, title: 'Carol', year: 2015, genre: ['Drama', 'Romance'] },
        { id: 2, title: 'Carnage', year: 2011, genre: ['Drama'] }, { id: 3, title: 'Up', year: 2009, genre: ['Animation'] }]));
    await done(films.updateSettings({ filterableAttributes: ['year', 'genre'], sortableAttributes: ['year'] }));

    let answer = await films.search('car', { filter: 'year > 2000', sort: ['year:asc'], facets: ['genre'],
        attributesToHighlight: ['title'], attributesToRetrieve: ['id', 'title'], showRankingScore: true, locales: ['eng'] });
    assert.deepEqual(answer.hits.map((hit) => hit.id), [2, 1]);
    assert.deepEqual(answer.hits[1]._formatted, { id: '1', title: '<em>Car</em>ol' });
    assert.deepEqual([answer.query, answer.limit, answer.offset, answer.estimatedTotalHits], ['car', 20, 0, 2]);
    assert.deepEqual(answer.facetDistribution, { genre: { Drama: 2, Romance: 1 } });
    answer = await films.search('', { hitsPerPage: 2, page: 2 });
    assert.deepEqual([answer.hits.length, answer.totalHits, answer.totalPages], [1, 3, 2]);
    answer = await films.searchGet('car', { filter: 'genre = Romance', attributesToRetrieve: ['id'], limit: 5, showMatchesPosition: true });
    assert.deepEqual(answer.hits, [{ id: 1, _matchesPosition: { title: [{ start: 0, length: 3 }] } }]);

    answer = await client.multiSearch({ queries: [{ indexUid: 'films', q: 'up' }, { indexUid: 'films', q: 'carol' }] });
    assert.deepEqual(answer.results.map((one) => [one.indexUid, one.hits[0].id]), [['films', 3], ['films', 1]]);
    answer = await client.multiSearch({ federation: { facetsByIndex: { films: ['year'] } },
        queries: [{ indexUid: 'films', q: 'up' }, { indexUid: 'films', q: 'carol', federationOptions: { weight: 2 } }] });
    assert.deepEqual(answer.hits.map((hit) => [hit.id, hit._federation.queriesPosition]), [[1, 1], [3, 0]]);
    assert.deepEqual(answer.facetsByIndex.films.stats, { year: { min: 2009, max: 2015 } });

    answer = await films.searchForFacetValues({ facetName: 'genre', facetQuery: 'dr', q: 'car' });
    assert.deepEqual([answer.facetHits, answer.facetQuery], [[{ value: 'Drama', count: 2 }], 'dr']);
    assert.deepEqual((await films.getDocuments({ filter: ['year > 2010'], sort: ['year:asc'] })).results.map((d) => d.id), [2, 1]);
    await assert.rejects(films.search('car', { filter: 'title = x' }), (e) => e.cause.code === 'invalid_search_filter');
    await assert.rejects(films.search('car', { hybrid: { embedder: 'default' } }), (e) => e.cause.code === 'invalid_search_embedder');
    await assert.rejects(films.searchGet('car', { rankingScoreThreshold: 2 }), (e) => e.cause.code === 'invalid_search_ranking_score_threshold');

    const task = await done(films.deleteDocuments({ filter: 'genre = Drama' }));
    assert.deepEqual(task.details, { providedIds: 0, deletedDocuments: 2, originalFilter: '"genre = Drama"' });
    assert.equal((await films.search('')).hits[0].id, 3);
}

try {
    await checks();
    await searches();
    console.log('the unmodified client is content');
} finally {
    server.removeAllListeners('exit');
    server.kill('SIGTERM');
    const code = await new Promise((resolve) => server.on('close', resolve));
    rmSync(dir, { recursive: true, force: true });
    if (code !== 0 || /: \w+Sanitizer|runtime error:/.test(log)) {
        console.log(`the server ended with ${code}:\n${log}`);
        process.exitCode = 1;
    }
}
