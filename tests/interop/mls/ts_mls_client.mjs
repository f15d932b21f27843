// ts_mls_client.mjs - ts-mls as a harness program: a request a line on standard input, an answer a line on standard output.
//   node ts_mls_client.mjs FOLDER       the folder of the package ts-mls (with dist/src/index.js)
// docs/mls-harness.md has the methods and their fields. Requests are served one after the other, in the order of arrival.
import { createInterface } from "node:readline"
import { readFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { join, resolve } from "node:path"
import { ECDH, webcrypto } from "node:crypto"

if (process.argv.length !== 3) {
  console.error("usage: node ts_mls_client.mjs FOLDER-OF-TS-MLS")
  process.exit(2)
}
globalThis.crypto ??= webcrypto   // Node.js 18, Debian 12's, has it under the other name alone
const folder = resolve(process.argv[2])
const part = (name) => import(pathToFileURL(join(folder, "dist/src", name)))
const mls = await part("index.js")
// The encodings of these two and of extensions are not among the package's exports.
const { ratchetTreeEncoder, ratchetTreeDecoder } = await part("ratchetTree.js")
const { externalSenderEncoder, externalSenderDecoder } = await part("externalSender.js")
const { groupContextExtensionDecoder } = await part("extension.js")

const SUITES = [1, 2, 3, 4, 5, 6, 7]
const EXTENSIONS = [0xf100, 0xf101]   // private-use types that every member of a test understands

// What it cannot do (docs/mls-harness.md); a walk leaves it out and says so. The first part: all versions known, the second:
// before 2.0.0-rc.12, when the function came that is asked for here.
const RECENT = mls.createUpdateProposal !== undefined
const LACKS = {
  "external_join psks": "no PSKs in external commits",
  "removed and leaf filled": "a removed member whose leaf an Add of the same commit fills does not see its removal",
  "blank left half": "where the left half of the tree is blank, commit_secret is derived once too often",
  ...(RECENT
    ? {}
    : {
        "external_join": "external_pub is read without its inner length",
        "external_pub": "external_pub is written without its inner length",
        "external senders": "external_senders is read and written as one sender",
        "path": "commits one Remove, Update or GroupContextExtensions without a path, and a path to those it adds as well",
        "commit resumption psk": "finds no resumption PSKs when it commits",
        "update_proposal": "no Update proposals of its own",
        "removed": "fails at the commit that removes it",
        "join any tree": "some unmerged_leaves of valid trees are refused",
        "reinit with required_capabilities": "takes equal required_capabilities of a ReInit and its group for different ones",
        "no extensions": "an empty GroupContextExtensions changes nothing",
      }),
}

// ---- bytes -------------------------------------------------------------------------------------------------------
const bytes = (hex) => {
  if (hex === undefined || hex === "") return new Uint8Array()
  if (typeof hex !== "string" || !/^([0-9a-f]{2})+$/.test(hex)) throw new Error("a field is not lower-case hex")
  return new Uint8Array(Buffer.from(hex, "hex"))
}
const hex = (octets) => Buffer.from(octets).toString("hex")
const same = (a, b) => Buffer.compare(a, b) === 0

const write = (encoder, value) => hex(mls.encode(encoder, value))
const read = (decoder, octets, what) => {
  const value = mls.decode(decoder, octets)
  if (value === undefined) throw new Error(`not a valid ${what}`)
  return value
}
const message = (octets, ...wireformats) => {
  const value = read(mls.mlsMessageDecoder, octets, "MLSMessage")
  if (!wireformats.some((name) => mls.wireformats[name] === value.wireformat)) throw new Error(`not a ${wireformats[0]}`)
  return value
}
const handshake = (octets) => message(octets, "mls_public_message", "mls_private_message")
const tree_of = (octets) => (octets.length === 0 ? undefined : read(ratchetTreeDecoder, octets, "ratchet_tree"))

// ---- what is kept ------------------------------------------------------------------------------------------------
// groups: state, suite, open (handshakes as PublicMessage), psks, sent (own proposals by their bytes), pending (a commit's)
// key packages: pair, suite, psks · reinits: state, suite, pair, new_suite, open · signers: keys, identity, suite
const things = new Map()
let last_id = 0
const keep = (kind, thing) => {
  things.set(++last_id, { kind, ...thing })
  return last_id
}
const find = (kind, id) => {
  const thing = things.get(id)
  if (thing === undefined || thing.kind !== kind) throw new Error(`no such ${kind}: ${id}`)
  return thing
}

const suite_name = (id) => {
  const name = Object.keys(mls.ciphersuites).find((key) => mls.ciphersuites[key] === id)
  if (name === undefined) throw new Error(`no such suite: ${id}`)
  return name
}
const suite_of = (id) => mls.getCiphersuiteImpl(suite_name(id))
const context = (group) => ({
  cipherSuite: group.suite,
  authService: mls.unsafeTestingAuthenticationService,
  externalPsks: Object.fromEntries(group.psks),
})
const psk_name = (id) => mls.bytesToBase64(id)

const basic = (identity) => ({ credentialType: mls.defaultCredentialTypes.basic, identity })
// ts-mls makes ECDSA keys in compressed form; RFC 9420 5.1.1 has them uncompressed, and ts-mls takes them so, too.
const CURVES = { 2: "prime256v1", 5: "secp521r1", 7: "secp384r1" }
const signature_keys = async (suite) => {
  const { publicKey, signKey } = await suite.signature.keygen()
  const curve = CURVES[suite.id]
  if (curve === undefined) return { publicKey, signKey }
  return { publicKey: new Uint8Array(ECDH.convertKey(publicKey, curve, undefined, undefined, "uncompressed")), signKey }
}
const key_package = async (suite, identity) => {
  const capabilities = mls.defaultCapabilities()
  const grease = capabilities.extensions.filter((type) => mls.greaseValues.includes(type))
  capabilities.extensions = [...capabilities.extensions, ...EXTENSIONS]
  return mls.generateKeyPackageWithKey({
    credential: basic(identity),
    capabilities,
    extensions: grease.map((type) => mls.makeCustomExtension({ extensionType: type, extensionData: new Uint8Array([1, 2, 3]) })),
    signatureKeyPair: await signature_keys(suite),
    cipherSuite: suite,
  })
}
const key_package_bytes = (pair) =>
  write(mls.mlsMessageEncoder, {
    version: mls.protocolVersions.mls10,
    wireformat: mls.wireformats.mls_key_package,
    keyPackage: pair.publicPackage,
  })
const private_keys = (pair) => ({
  init_priv: hex(pair.privatePackage.initPrivateKey),
  encryption_priv: hex(pair.privatePackage.hpkePrivateKey),
  signature_priv: hex(pair.privatePackage.signaturePrivateKey),
})

// The leaf of a member by what its basic credential says.
const leaf_index = (tree, identity) => {
  const at = tree.findIndex((node) => node?.leaf !== undefined && same(node.leaf.credential.identity ?? [], identity))
  if (at < 0) throw new Error("no member has this identity")
  return at / 2
}

const welcome_answer = (result, external_tree) => ({
  welcome: result.welcome === undefined ? "" : write(mls.mlsMessageEncoder, result.welcome),
  ratchet_tree: external_tree ? write(ratchetTreeEncoder, result.newState.ratchetTree) : "",
})
const authenticator = (state) => hex(state.keySchedule.epochAuthenticator)

// ---- proposals ---------------------------------------------------------------------------------------------------
const vector = (octets) => {
  const n = octets.length
  const header = n < 0x40 ? [n] : n < 0x4000 ? [0x40 | (n >> 8), n & 255] : [0x80 | (n >> 24), (n >> 16) & 255, (n >> 8) & 255, n & 255]
  return Buffer.concat([Buffer.from(header), octets])
}
const extensions_of = (list) =>
  (list ?? []).map(({ extension_type, extension_data }) => {
    const type = Buffer.from([extension_type >> 8, extension_type & 255])
    const octets = Buffer.concat([type, vector(bytes(extension_data))])
    return read(groupContextExtensionDecoder, new Uint8Array(octets), "extension")
  })

const T = mls.defaultProposalTypes
const add = (octets) => ({ proposalType: T.add, add: { keyPackage: message(octets, "mls_key_package").keyPackage } })
const remove = (removed) => ({ proposalType: T.remove, remove: { removed } })
const psk = (suite, id) => ({
  proposalType: T.psk,
  psk: { preSharedKeyId: { ...id, pskNonce: suite.rng.randomBytes(suite.kdf.size) } },
})
const external_psk = (suite, id) => psk(suite, { psktype: mls.pskTypes.external, pskId: id })
const resumption_psk = (suite, group_id, epoch) =>
  psk(suite, {
    psktype: mls.pskTypes.resumption,
    usage: mls.resumptionPSKUsages.application,
    pskGroupId: group_id,
    pskEpoch: BigInt(epoch ?? 0),
  })
const group_context_extensions = (list) => ({
  proposalType: T.group_context_extensions,
  groupContextExtensions: { extensions: list },
})
const reinit = ({ group_id, cipher_suite, extensions }) => ({
  proposalType: T.reinit,
  reinit: {
    groupId: bytes(group_id),
    version: mls.protocolVersions.mls10,
    cipherSuite: cipher_suite,
    extensions: extensions_of(extensions),
  },
})

// A ProposalDescription, for a group of which `tree` and `group_id` are known.
const DESCRIBED = {
  add: (d) => add(bytes(d.key_package)),
  remove: (d, { tree }) => remove(leaf_index(tree, bytes(d.removed_id))),
  externalPSK: (d, { suite }) => external_psk(suite, bytes(d.psk_id)),
  resumptionPSK: (d, { suite, group_id }) => resumption_psk(suite, group_id, d.epoch_id),
  groupContextExtensions: (d) => group_context_extensions(extensions_of(d.extensions)),
  reinit: (d) => reinit(d),
}
const described = (d, group) => {
  if (!Object.hasOwn(DESCRIBED, d.proposal_type)) throw new Error(`no such proposal_type: ${d.proposal_type}`)
  return DESCRIBED[d.proposal_type](d, group)
}
const seen = (group) => ({
  suite: group.suite,
  tree: group.state.ratchetTree,
  group_id: group.state.groupContext.groupId,
})

// ts-mls commits every proposal that its state holds, so a state holds none between the calls: what was proposed is
// learnt anew from the list of each commit, and own proposals, which nobody can decrypt, are looked up by their bytes.
const receive = (group, state, received) =>   // not processMessage: some versions lose the PSKs there
  received.wireformat === mls.wireformats.mls_private_message
    ? mls.processPrivateMessage({ context: context(group), state, privateMessage: received.privateMessage })
    : mls.processMessage({ context: context(group), state, message: received })

const propose = async (group, proposal) => {
  const made = await mls.createProposal({
    context: context(group),
    state: group.state,
    wireAsPublicMessage: group.open,
    proposal,
  })
  return sent(group, made, undefined)
}
const sent = (group, made, leaf_key) => {
  const octets = write(mls.mlsMessageEncoder, made.message)
  group.sent.set(octets, { proposals: made.newState.unappliedProposals, leaf_key })
  group.state = { ...made.newState, unappliedProposals: {} }
  return { proposal: octets }
}
const learn = async (group, state, list) => {
  for (const octets of list ?? []) {
    const own = group.sent.get(octets)
    if (own === undefined) {
      const result = await receive(group, state, handshake(bytes(octets)))
      if (result.kind !== "newState") throw new Error("not a proposal")
      state = result.newState
    } else {
      state = { ...state, unappliedProposals: { ...state.unappliedProposals, ...own.proposals } }
    }
  }
  return state
}
// The state in which a commit of someone else is read that refers to `list`: own updates in it take effect.
const updated = (group, state, list) => {
  for (const octets of list ?? []) {
    const key = group.sent.get(octets)?.leaf_key
    if (key !== undefined) state = { ...state, privatePath: mls.updateLeafKey(state.privatePath, key) }
  }
  return state
}

// ---- commits -----------------------------------------------------------------------------------------------------
const commit = async (request) => {
  const group = find("group", request.state_id)
  const state = await learn(group, group.state, request.by_reference)
  const made = await mls.createCommit({
    context: context(group),
    state,
    extraProposals: (request.by_value ?? []).map((d) => described(d, seen(group))),
    ratchetTreeExtension: !request.external_tree,
    wireAsPublicMessage: group.open,
    ...(request.force_path ? { leafNodePatch: {} } : {}),   // a new leaf takes a path
  })
  group.pending = made.newState
  return { commit: write(mls.mlsMessageEncoder, made.commit), ...welcome_answer(made, request.external_tree) }
}
const moved = (group, state) => {
  group.state = state
  group.pending = undefined
  group.sent = new Map()
}
const handle_pending = (request) => {
  const group = find("group", request.state_id)
  if (group.pending === undefined) throw new Error("no commit is pending")
  moved(group, group.pending)
  return group
}
const handle_commit = async (request) => {
  const group = find("group", request.state_id)
  const learnt = await learn(group, group.state, request.proposal)
  const result = await receive(group, updated(group, learnt, request.proposal), handshake(bytes(request.commit)))
  if (result.kind !== "newState") throw new Error("not a commit")
  if (result.newState.groupActiveState.kind !== "removedFromGroup" && result.newState.groupContext.epoch === group.state.groupContext.epoch)
    throw new Error("not a commit")
  moved(group, result.newState)
  return group
}
const epoch_answer = (state_id, group) =>
  group.state.groupActiveState.kind === "removedFromGroup"
    ? { state_id, epoch_authenticator: "", removed: true }
    : { state_id, epoch_authenticator: authenticator(group.state) }

const suspend = async (group) => {
  if (group.state.groupActiveState.kind !== "suspendedPendingReinit") throw new Error("not a commit of a reinit")
  const wanted = group.state.groupActiveState.reinit
  const new_suite = await suite_of(wanted.cipherSuite)
  const pair = await key_package(new_suite, mls.getOwnLeafNode(group.state).credential.identity)
  const reinit_id = keep("reinit", { state: group.state, suite: group.suite, new_suite, pair, open: group.open, psks: group.psks })
  return { reinit_id, key_package: key_package_bytes(pair), epoch_authenticator: authenticator(group.state) }
}
const joined = (state, suite, open, psks) => keep("group", { state, suite, open, psks, sent: new Map(), pending: undefined })

// ---- the methods -------------------------------------------------------------------------------------------------
const METHODS = {
  name: () => ({ name: `ts-mls ${JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version}`, lacks: LACKS }),
  supported_ciphersuites: () => ({ ciphersuites: SUITES }),

  async create_group(r) {
    const suite = await suite_of(r.cipher_suite)
    const pair = await key_package(suite, bytes(r.identity))
    const psks = new Map()
    const state = await mls.createGroup({
      context: context({ suite, psks }),
      groupId: bytes(r.group_id),
      keyPackage: pair.publicPackage,
      privateKeyPackage: pair.privatePackage,
    })
    return { state_id: joined(state, suite, !r.encrypt_handshake, psks) }
  },

  async create_key_package(r) {
    const suite = await suite_of(r.cipher_suite)
    const pair = await key_package(suite, bytes(r.identity))
    const transaction_id = keep("key package", { pair, suite, psks: new Map() })
    return { transaction_id, key_package: key_package_bytes(pair), ...private_keys(pair) }
  },

  async join_group(r) {
    const { pair, suite, psks } = find("key package", r.transaction_id)
    const state = await mls.joinGroup({
      context: context({ suite, psks }),
      welcome: message(bytes(r.welcome), "mls_welcome").welcome,
      keyPackage: pair.publicPackage,
      privateKeys: pair.privatePackage,
      ratchetTree: tree_of(bytes(r.ratchet_tree)),
    })
    things.delete(r.transaction_id)
    return { state_id: joined(state, suite, !r.encrypt_handshake, psks), epoch_authenticator: authenticator(state) }
  },

  async external_join(r) {
    if ((r.psks ?? []).length > 0) throw new Error("ts-mls has no PSKs in external commits")
    const { groupInfo } = message(bytes(r.group_info), "mls_group_info")
    const suite = await suite_of(groupInfo.groupContext.cipherSuite)
    const pair = await key_package(suite, bytes(r.identity))
    const psks = new Map()
    const made = await mls.joinGroupExternal({
      context: context({ suite, psks }),
      groupInfo,
      keyPackage: pair.publicPackage,
      privateKeys: pair.privatePackage,
      resync: r.remove_prior ?? false,
      tree: tree_of(bytes(r.ratchet_tree)),
    })
    return {
      state_id: joined(made.newState, suite, !r.encrypt_handshake, psks),
      commit: write(mls.mlsMessageEncoder, made.commit),
      epoch_authenticator: authenticator(made.newState),
    }
  },

  async group_info(r) {
    const { state, suite } = find("group", r.state_id)
    const make = r.external_tree ? mls.createGroupInfoWithExternalPub : mls.createGroupInfoWithExternalPubAndRatchetTree
    const made = {
      version: mls.protocolVersions.mls10,
      wireformat: mls.wireformats.mls_group_info,
      groupInfo: await make(state, [], suite),
    }
    return {
      group_info: write(mls.mlsMessageEncoder, made),
      ratchet_tree: r.external_tree ? write(ratchetTreeEncoder, state.ratchetTree) : "",
    }
  },

  state_auth(r) {
    const { state } = find("group", r.state_id)
    return { state_auth_secret: authenticator(state), leaf_index: state.privatePath.leafIndex }
  },

  async export(r) {
    const { state, suite } = find("group", r.state_id)
    const secret = await mls.mlsExporter(state.keySchedule.exporterSecret, r.label, bytes(r.context), r.key_length, suite)
    return { exported_secret: hex(secret) }
  },

  async protect(r) {
    const group = find("group", r.state_id)
    const made = await mls.createApplicationMessage({
      context: context(group),
      state: group.state,
      message: bytes(r.plaintext),
      authenticatedData: bytes(r.authenticated_data),
    })
    group.state = made.newState
    return { ciphertext: write(mls.mlsMessageEncoder, made.message) }
  },

  async unprotect(r) {
    const group = find("group", r.state_id)
    const private_message = message(bytes(r.ciphertext), "mls_private_message")
    const result = await receive(group, group.state, private_message)
    if (result.kind !== "applicationMessage") throw new Error("not an application message")
    group.state = result.newState
    return { authenticated_data: hex(result.aad), plaintext: hex(result.message) }
  },

  store_psk(r) {
    const thing = things.get(r.state_or_transaction_id)
    if (thing?.psks === undefined) throw new Error(`no such state or transaction: ${r.state_or_transaction_id}`)
    thing.psks.set(psk_name(bytes(r.psk_id)), bytes(r.psk_secret))
    return {}
  },

  add_proposal: (r) => propose(find("group", r.state_id), add(bytes(r.key_package))),
  remove_proposal(r) {
    const group = find("group", r.state_id)
    return propose(group, remove(leaf_index(group.state.ratchetTree, bytes(r.removed_id))))
  },
  async update_proposal(r) {
    const group = find("group", r.state_id)
    const made = await mls.createUpdateProposal({ context: context(group), state: group.state, wireAsPublicMessage: group.open })
    return sent(group, made, made.newLeafKeypair.hpkePrivateKey)
  },
  external_psk_proposal(r) {
    const group = find("group", r.state_id)
    return propose(group, external_psk(group.suite, bytes(r.psk_id)))
  },
  resumption_psk_proposal(r) {
    const group = find("group", r.state_id)
    return propose(group, resumption_psk(group.suite, group.state.groupContext.groupId, r.epoch_id))
  },
  group_context_extensions_proposal: (r) =>
    propose(find("group", r.state_id), group_context_extensions(extensions_of(r.extensions))),
  reinit_proposal: (r) => propose(find("group", r.state_id), reinit(r)),

  commit,
  handle_commit: async (r) => epoch_answer(r.state_id, await handle_commit(r)),
  handle_pending_commit: (r) => epoch_answer(r.state_id, handle_pending(r)),

  re_init_commit: commit,
  handle_pending_re_init_commit: (r) => suspend(handle_pending(r)),
  handle_re_init_commit: async (r) => suspend(await handle_commit(r)),
  async re_init_welcome(r) {
    const old = find("reinit", r.reinit_id)
    const wanted = old.state.groupActiveState.reinit
    const made = await mls.reinitCreateNewGroup({
      context: context(old),
      state: old.state,
      keyPackage: old.pair.publicPackage,
      privateKeyPackage: old.pair.privatePackage,
      memberKeyPackages: (r.key_package ?? []).map((octets) => message(bytes(octets), "mls_key_package").keyPackage),
      groupId: wanted.groupId,
      cipherSuite: suite_name(wanted.cipherSuite),
      extensions: wanted.extensions,
      ratchetTreeExtension: !r.external_tree,
      wireAsPublicMessage: old.open,
    })
    return {
      state_id: joined(made.newState, old.new_suite, old.open, new Map(old.psks)),
      ...welcome_answer(made, r.external_tree || !RECENT),   // which always wants it beside
      epoch_authenticator: authenticator(made.newState),
    }
  },
  async handle_re_init_welcome(r) {
    const old = find("reinit", r.reinit_id)
    const state = await mls.joinGroupFromReinit({
      context: context({ suite: old.new_suite, psks: old.psks }),
      suspendedState: old.state,
      welcome: message(bytes(r.welcome), "mls_welcome").welcome,
      keyPackage: old.pair.publicPackage,
      privateKeyPackage: old.pair.privatePackage,
      ratchetTree: tree_of(bytes(r.ratchet_tree)),
    })
    return { state_id: joined(state, old.new_suite, old.open, new Map(old.psks)), epoch_authenticator: authenticator(state) }
  },

  async create_branch(r) {
    const group = find("group", r.state_id)
    const pair = await key_package(group.suite, mls.getOwnLeafNode(group.state).credential.identity)
    const made = await mls.branchGroup({
      context: context(group),
      state: group.state,
      keyPackage: pair.publicPackage,
      privateKeyPackage: pair.privatePackage,
      memberKeyPackages: (r.key_packages ?? []).map((octets) => message(bytes(octets), "mls_key_package").keyPackage),
      newGroupId: bytes(r.group_id),
      ratchetTreeExtension: !r.external_tree,
      wireAsPublicMessage: group.open,
    })
    return {
      state_id: joined(made.newState, group.suite, group.open, new Map(group.psks)),
      ...welcome_answer(made, r.external_tree || !RECENT),   // which always wants it beside
      epoch_authenticator: authenticator(made.newState),
    }
  },
  async handle_branch(r) {
    const group = find("group", r.state_id)
    const { pair, psks } = find("key package", r.transaction_id)
    const state = await mls.joinGroupFromBranch({
      context: context({ suite: group.suite, psks }),
      oldState: group.state,
      welcome: message(bytes(r.welcome), "mls_welcome").welcome,
      keyPackage: pair.publicPackage,
      privateKeyPackage: pair.privatePackage,
      ratchetTree: tree_of(bytes(r.ratchet_tree)),
    })
    things.delete(r.transaction_id)
    return { state_id: joined(state, group.suite, group.open, psks), epoch_authenticator: authenticator(state) }
  },

  async new_member_add_proposal(r) {
    const { groupInfo } = message(bytes(r.group_info), "mls_group_info")
    const suite = await suite_of(groupInfo.groupContext.cipherSuite)
    const pair = await key_package(suite, bytes(r.identity))
    const made = await mls.proposeAddExternal(groupInfo, pair.publicPackage, pair.privatePackage, suite)
    const transaction_id = keep("key package", { pair, suite, psks: new Map() })
    return { transaction_id, proposal: write(mls.mlsMessageEncoder, made), ...private_keys(pair) }
  },

  async create_external_signer(r) {
    const suite = await suite_of(r.cipher_suite)
    const keys = await signature_keys(suite)
    const signer_id = keep("signer", { suite, keys })
    const sender = { signaturePublicKey: keys.publicKey, credential: basic(bytes(r.identity)) }
    return { signer_id, external_sender: write(externalSenderEncoder, sender) }
  },
  async add_external_signer(r) {
    const group = find("group", r.state_id)
    const type = mls.defaultExtensionTypes.external_senders
    const now = group.state.groupContext.extensions
    const senders = now.find((e) => e.extensionType === type)?.extensionData ?? []
    const more = [...senders, read(externalSenderDecoder, bytes(r.external_sender), "ExternalSender")]
    const list = [...now.filter((e) => e.extensionType !== type), { extensionType: type, extensionData: more }]
    return { ...(await propose(group, group_context_extensions(list))), signer_index: senders.length }
  },
  async external_signer_proposal(r) {
    const signer = find("signer", r.signer_id)
    const { groupInfo } = message(bytes(r.group_info), "mls_group_info")
    const known = { suite: signer.suite, tree: tree_of(bytes(r.ratchet_tree)) ?? [], group_id: groupInfo.groupContext.groupId }
    const proposal = described(r.description, known)
    const { publicKey, signKey } = signer.keys
    const made = await mls.proposeExternal(groupInfo, proposal, publicKey, signKey, signer.suite)
    return { proposal: write(mls.mlsMessageEncoder, made) }
  },

  free(r) {
    if (!things.delete(r.state_id)) throw new Error(`no such state: ${r.state_id}`)
    return {}
  },
}

// ---- the loop ----------------------------------------------------------------------------------------------------
process.stdout.on("error", () => process.exit(1))   // nobody reads any more
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const request = JSON.parse(line)
  let answer
  try {
    if (!Object.hasOwn(METHODS, request.method)) throw new Error(`no such method: ${request.method}`)
    answer = { id: request.id, result: await METHODS[request.method](request) }
  } catch (error) {
    answer = { id: request.id, error: `${error.name}: ${error.message}` }
    if (process.env.HARNESS_TRACE) console.error(error)
  }
  process.stdout.write(JSON.stringify(answer) + "\n")
}
