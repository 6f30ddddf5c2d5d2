/** The quiet moment before anything is known. */
import styles from "./opening.module.css";

export function Opening() {
  return (
    <div className={styles["opening"]} role="status">
      <span className="unseen">Loading</span>
      <span className={styles["line"]} aria-hidden="true" />
    </div>
  );
}
