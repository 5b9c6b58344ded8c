// Facts to words.

import ArenaCore

extension ModelError {
    package var report: FaultReport {
        switch self {
        case .file(let error): return error.report
        case .json(let error): return error.report
        case .noWeights, .safetensors, .torch, .numpy, .noPrefix, .shardListed, .shardMissing,
            .shardStranger, .missingTensor,
            .extraTensors, .shape, .storedType, .nonFiniteWeight:
            return checkpointReport
        case .configuration, .architecture, .missingHead, .labels, .wrongKind:
            return configurationReport
        case .adapterOption, .adapterTensor, .adapterStranger, .adapterMissing, .adapterRank:
            return adapterReport
        case .emptyRow, .tokenID, .tokenType, .placeMissing, .rowTooLong, .rowTooLarge,
            .keysTooLarge, .cancelled:
            return batchReport
        case .cards, .cardMemory, .pinnedMemory, .cardWeights, .cardLost:
            return cardReport
        }
    }

    private var checkpointReport: FaultReport {
        func value(_ message: String, _ path: String, _ help: String? = nil) -> FaultReport {
            FaultReport(.value, message, place: FilePlace(path), help: help)
        }
        let damaged = "the file is damaged or cut short: fetch or save it again"
        switch self {
        case .noWeights(let folder):
            return FaultReport(
                .fileNotFound,
                "there is neither model.safetensors nor model.safetensors.index.json nor pytorch_model.bin, nor a .npy file a tensor",
                place: FilePlace(folder), help: "name the folder that holds the model's weights")
        case .safetensors(let path, let tensor, let problem):
            let subject = tensor.map { "tensor '\($0)' " } ?? "the safetensors file "
            return value(subject + problem.words, path, damaged)
        case .torch(let path, let tensor, let problem):
            let subject = tensor.map { "tensor '\($0)' " } ?? "the PyTorch file "
            return value(subject + problem.words, path, problem.help ?? damaged)
        case .numpy(let path, let tensor, let problem):
            let subject = tensor.map { "tensor '\($0)'" } ?? "the NumPy file"
            return value("\(subject) cannot be read: \(problem)", path)
        case .noPrefix(let path, let prefix, let example):
            return value(
                "no tensor's name begins with '\(prefix)'", path,
                example.map { "names are like '\($0)'" })
        case .shardListed(let index, let shard):
            return FaultReport(
                .fileNotFound, "the shard \(shard), named by the index, is not there",
                place: FilePlace(index), help: "fetch the missing file into the same folder")
        case .shardMissing(let index, let tensor, let shard):
            return value(
                "the index says '\(tensor)' is in \(shard), which does not hold it", index, damaged)
        case .shardStranger(let index, let tensor, let shard):
            return value(
                "\(shard) holds '\(tensor)', which the index does not place there", index,
                "index and shards belong to different models: fetch them again together")
        case .missingTensor(let name, let path, let nearest):
            return FaultReport(
                .key, "the checkpoint has no tensor '\(name)'", place: FilePlace(path),
                help: nearest.map { "it has '\($0)'" }
                    ?? "config.json and weights belong to different models")
        case .extraTensors(let names, let path):
            let shown = names.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
            let more = names.count > 3 ? " and \(names.count - 3) more" : ""
            return value(
                "the checkpoint holds \(shown)\(more), which this architecture does not use", path,
                "config.json and weights belong to different models, or the architecture differs")
        case .shape(let name, let path, let expected, let found):
            return value("tensor '\(name)' has shape \(found), expected \(expected)", path)
        case .storedType(let name, let path, let type):
            return value(
                "tensor '\(name)' is stored as \(type)", path,
                "F32, BF16 and F16 weights can be read")
        case .nonFiniteWeight(let name, let path, let index):
            return value(
                "tensor '\(name)' holds a number that is infinite or none, at element \(index)",
                path,
                "training diverged or the file is damaged: use another checkpoint")
        default: return FaultReport(.runtime, "no report")
        }
    }

    private var configurationReport: FaultReport {
        switch self {
        case .configuration(let path, let key, let problem):
            return problem.report(key: key, path: path)
        case .architecture(let path, let found, let known):
            let name = found.first ?? ""
            return FaultReport(
                .value,
                found.isEmpty
                    ? "config.json names no architecture"
                    : "the architecture '\(name)' is not known",
                place: FilePlace(path), help: "known: " + known.joined(separator: ", "))
        case .wrongKind(let path, let architecture, let wanted):
            return FaultReport(
                .value, "'\(architecture)' is not \(wanted)", place: FilePlace(path),
                help: "causal_lm is for decoders, masked_lm for encoders")
        case .missingHead(let path, let tensor, let adapter):
            let missing =
                adapter == nil
                ? "the model has no head" : "neither the model nor the adapter has the head"
            return FaultReport(
                .value, "\(missing) ('\(tensor)')",
                place: FilePlace(adapter ?? path),
                help:
                    "use a checkpoint trained for this task, or the adapter that brings the head; new_head=True begins a new one"
            )
        case .labels(let path, let expected, let found):
            return FaultReport(
                .value, "\(expected) labels were given, the head has \(found)",
                place: FilePlace(path),
                help: "give one label for each output of the head, in its order")
        default: return FaultReport(.runtime, "no report")
        }
    }

    private var adapterReport: FaultReport {
        switch self {
        case .adapterOption(let path, let option, let value):
            return FaultReport(
                .value, "the adapter uses \(option) = \(value), which is not supported",
                place: FilePlace(path),
                help: "plain LoRA with bias 'none' is; merge this adapter elsewhere")
        case .adapterTensor(let path, let tensor):
            return FaultReport(
                .value, "the adapter's tensor '\(tensor)' is of a kind that is not known",
                place: FilePlace(path), help: "save the adapter with peft's save_pretrained")
        case .adapterStranger(let path, let module, let base, let nearest):
            return FaultReport(
                .value, "the adapter changes '\(module)', which the model at \(base) does not have",
                place: FilePlace(path),
                help: nearest.map { "the model has '\($0)'" }
                    ?? "the adapter belongs to another base model")
        case .adapterMissing(let path, let tensor):
            return FaultReport(
                .key, "the adapter has no tensor '\(tensor)', which its configuration asks for",
                place: FilePlace(path),
                help: "the adapter is incomplete or belongs to another base model")
        case .adapterRank(let path, let tensor, let expected, let found):
            return FaultReport(
                .value,
                "the adapter's '\(tensor)' has rank \(found), its configuration says \(expected)",
                place: FilePlace(path),
                help: "weights and adapter_config.json are from different runs")
        default: return FaultReport(.runtime, "no report")
        }
    }

    private var batchReport: FaultReport {
        switch self {
        case .emptyRow(let row):
            return FaultReport(
                .value, "row \(row) has no tokens",
                help: "a template or a special token gives every row at least one")
        case .tokenID(-1, let id, let vocabulary):
            return FaultReport(
                .value, "token \(id) is chosen, the model knows 0 to \(vocabulary - 1)")
        case .tokenType(let row, let type, let types):
            return FaultReport(
                .value, "row \(row) holds a token of segment \(type), the model has \(types)",
                help: "encode with the model's own tokenizer")
        case .placeMissing(let row, .token(let id), let count):
            return FaultReport(
                .value, "row \(row) has \(counted(count, "token")) \(id), one is needed",
                help: "put the mask into every text once, where no cut can take it away")
        case .placeMissing(let row, let place, _):
            return FaultReport(.value, "row \(row) has no token at \(place)")
        case .tokenID(let row, let id, let vocabulary):
            return FaultReport(
                .value, "row \(row) holds token \(id), the model knows 0 to \(vocabulary - 1)",
                help: "encode with the model's own tokenizer")
        case .rowTooLong(let row, let tokens, let limit):
            return FaultReport(
                .value, "row \(row) has \(tokens) tokens, the model takes \(limit)",
                help: "set max_length=\(limit) or less")
        case .rowTooLarge(let row, let tokens, let bytes, let available):
            return FaultReport(
                .value,
                "row \(row) has \(tokens) tokens, which take at least \(bytes >> 20) MB to run; \(available >> 20) MB are free",
                help: "set max_length lower, or give the run more memory")
        case .keysTooLarge(let row, let tokens, let bytes, let available):
            return FaultReport(
                .value,
                "row \(row) may grow to \(tokens) tokens, whose keys and values take \(bytes >> 20) MB; \(available >> 20) MB are free",
                help: "set max_new_tokens or max_length lower")
        case .cancelled:
            return FaultReport(.interrupted, "interrupted")
        default: return FaultReport(.runtime, "no report")
        }
    }
}

extension SafetensorsProblem {
    var words: String {
        switch self {
        case .tooShort(let bytes): return "is \(bytes) bytes long, too short for a header"
        case .headerLength(let length, let bytes):
            return "says its header takes \(length) bytes, the file has \(bytes)"
        case .headerTooLong(let length, let limit):
            return
                "says its header takes \(length) bytes, more than the \(limit) that the format allows"
        case .headerNotObject: return "has a header that is not an object"
        case .duplicateName: return "is listed twice"
        case .field(let name): return "has no valid \(name) in the header"
        case .fieldTwice(let name): return "says its \(name) twice in the header"
        case .unknownType(let type): return "is of the unknown type '\(type)'"
        case .shapeTooLarge: return "has a shape too large for any file"
        case .range(let begin, let end, let data):
            return "lies at \(begin) to \(end) of \(data) bytes of data"
        case .length(let expected, let found):
            return "takes \(found) bytes, its shape and type say \(expected)"
        case .gap(let from, let to): return "leaves bytes \(from) to \(to) to nobody"
        case .overlap(let other): return "overlaps '\(other)'"
        case .trailing(let bytes): return "has \(bytes) bytes after its last tensor"
        }
    }
}

extension TorchProblem {
    var words: String {
        switch self {
        case .pickle(.cutShort): return "is cut short"
        case .pickle(.opcode(let op, let at)):
            return "holds the unknown instruction \(op) at byte \(at) of its pickle"
        case .pickle(.stack(let at)): return "has a pickle that breaks off at byte \(at)"
        case .pickle(.global(let name)): return "would run '\(name)' when it is loaded"
        case .pickle(.tensor(let what)): return "describes tensors in an unknown way: \(what)"
        case .archive(let what): return "cannot be read: \(what)"
        case .compressed(let name): return "holds '\(name)' compressed"
        case .bigEndian: return "was written on a big-endian machine"
        case .noTensors: return "holds no state dict"
        case .storageMissing(let key): return "refers to the storage '\(key)', which is not there"
        case .outside(let elements, let storage):
            return "has \(elements) elements, which do not fit a storage of \(storage)"
        case .tooLarge: return "has a shape too large for any file"
        }
    }

    var help: String? {
        switch self {
        case .pickle(.global):
            return "nothing was run; save the weights alone: torch.save(model.state_dict(), ...)"
        case .noTensors, .pickle(.tensor), .compressed, .bigEndian:
            return "save the weights with torch.save(model.state_dict(), ...) or as safetensors"
        case .pickle, .archive, .storageMissing, .outside, .tooLarge: return nil
        }
    }
}

extension ConfigurationProblem {
    func report(key: String, path: String) -> FaultReport {
        let place = FilePlace(path)
        switch self {
        case .missing: return FaultReport(.key, "the configuration has no '\(key)'", place: place)
        case .expected(let what, let found):
            return FaultReport(.value, "'\(key)' is \(found), expected \(what)", place: place)
        case .unsupported(let found, let supported):
            return FaultReport(
                .value, "'\(key)' = \(found) is not supported and would change the numbers",
                place: place,
                help: supported.isEmpty ? nil : "supported: " + supported.joined(separator: ", "))
        case .contradicts(let other):
            return FaultReport(.value, "'\(key)' contradicts \(other)", place: place)
        }
    }
}
