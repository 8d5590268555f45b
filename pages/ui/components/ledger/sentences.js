// What is said of a model's objective, and of what is shown.

import { later, tr, trn } from "../words.js";
import { nats } from "./words.js";

export const WITHOUT_KL = later("An autoencoder gives each example one code and no q(z | x): there is no KL, and no β to slide. Its loss is the reconstruction loss.");

const WEIGHTS = {
  capacity: later("This objective holds the KL at a capacity instead of weighting it: no β was trained with."),
  "free-bits": later("This objective counts each dimension's KL from λ on instead of weighting it: no β was trained with."),
  iwae: later("IWAE trains a tighter bound than −ELBO (Burda et al. 2016): no β was trained with."),
  "beta-tcvae": later("The β of a β-TCVAE weights the total correlation alone; the KL itself has the weight 1."),
  "dip-vae": later("DIP-VAE's own terms have weights of their own; the KL itself has the weight 1."),
  "info-vae": later("InfoVAE keeps 1 − α of the KL: that is the weight marked here."),
};

/** What β slides, and what it leaves out. */
export function ofBeta({ objective }) {
  const plain = tr("total(β) = reconstruction loss + β · KL, at β = 1 −ELBO.");
  const weight = WEIGHTS[objective.name];
  const rest = weight ? [tr(weight), tr("Other terms of this objective are not in it.")] : [tr("The mark is the β of the training.")];
  return [plain, ...rest].join(" ");
}

export function ofExample({ label, name, is_held_out }, { is_mean }, data) {
  const parts = [label && tr("Label {label}", { label }), name, is_held_out ? tr("held out from training") : tr("a training example")].filter(Boolean);
  if (is_mean) parts.push(tr("ε = 0: z is the mean of q(z | x), which training never uses"));
  if (data.is_binarised) parts.push(tr("every pixel drawn as 0 or 1 by its grey value, as in training"));
  return parts.join(" · ");
}

/** Captions of original, reconstruction and loss. */
export function ofNature({ is_mean }, { draws, is_deterministic, objective }) {
  const original = objective.name === "denoising" ? tr("Original (the encoder sees it damaged)") : tr("Original");
  return [original, reconstructed(is_mean, draws, is_deterministic), tr("Loss of each pixel")];
}

function reconstructed(is_mean, draws, is_deterministic) {
  if (is_mean) return tr("Reconstruction of the mean of q(z | x)");
  if (draws > 1) return tr("Reconstruction, mean over {count} samples of z", { count: draws });
  return is_deterministic ? tr("Reconstruction of the code") : tr("Reconstruction of the z that was drawn");
}

/** What the terms are reckoned of. */
export function ofTerms({ batch, draws, warm_up, kl_weight, is_deterministic }, terms, negativeElbo) {
  const told = [];
  const isPlain = terms.length === 1 && kl_weight === 1;
  if (isPlain) told.push(tr("This loss is −ELBO (Kingma & Welling 2014, eq. 3), z drawn once."));
  else if (!is_deterministic) told.push(tr("−ELBO, with the KL at the weight 1 and no other terms, is {nats}.", { nats: nats(negativeElbo) }));
  if (draws > 1) told.push(tr("Every number is the mean over K = {draws} samples of z.", { draws }));
  if (batch > 1) told.push(trn("Some terms are those of a whole batch: here of this example and {count} other.", "Some terms are those of a whole batch: here of this example and {count} others.", batch - 1));
  if (warm_up < 1) told.push(tr("At this point of the training the warm-up gave the terms the weight {weight}.", { weight: nats(warm_up) }));
  return told.join(" ");
}

/** How large the KL is, and how that is known. */
export function ofKL({ is_exact }, total) {
  if (is_exact) return tr("{total} nats in all.", { total });
  return tr("{total} nats in all, estimated at the z that was drawn: the prior is learnt, and a share may be below 0.", { total });
}
